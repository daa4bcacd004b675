package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What failures of file systems mean. S3A's name the call that failed, the SDK's exceptions and a
 * request's number; a person needs to know what to change.
 */
final class StorageFailure {
  private static final String JARS = "; see conf/s3.conf";
  private static final Pattern NO_SCHEME =
      Pattern.compile("No FileSystem for scheme:? \"?([^\" ]+)\"?.*", Pattern.DOTALL);

  /** Known by name: the S3A classes are on a cluster's class path, not on this build's. */
  private enum Kind {
    NO_JARS(
        ErrorCode.INVALID_OPTION,
        "s3a: cannot be read or written, since hadoop-aws is not on the class path" + JARS),
    NO_CREDENTIALS(
        ErrorCode.INVALID_OPTION,
        "there are no credentials for S3; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
            + " spark.hadoop.fs.s3a.access.key and spark.hadoop.fs.s3a.secret.key are needed"),
    NO_BUCKET(ErrorCode.INVALID_OPTION, "there is no such bucket"),
    REFUSED(
        ErrorCode.INVALID_OPTION,
        "S3 refuses access: the credentials are wrong, or do not allow this"),
    UNREACHABLE(ErrorCode.INPUT_OUTPUT, "S3 does not answer: "),
    FAILED(ErrorCode.INPUT_OUTPUT, "S3 has failed too often: ");

    private final ErrorCode code;
    private final String reason;

    Kind(ErrorCode code, String reason) {
      this.code = code;
      this.reason = reason;
    }

    /** Whether no setting mends it. */
    private boolean isOfServer() {
      return this == UNREACHABLE || this == FAILED;
    }
  }

  private StorageFailure() {}

  /**
   * A failure to read or write something that an option named.
   *
   * @param code when the user can mend it
   * @param what the option and its value
   * @param problem in front of messages that are not known here, such as {@code cannot be read}
   */
  static FluxSparkException of(ErrorCode code, String what, String problem, Throwable e) {
    for (Throwable cause : causes(e)) {
      Optional<Kind> kind = kind(cause);
      if (kind.isPresent()) {
        return new FluxSparkException(
            kind.get().isOfServer() ? kind.get().code : code,
            what + ": " + reason(kind.get(), e),
            e);
      }
      Optional<String> scheme = missingScheme(cause);
      if (scheme.isPresent()) {
        return new FluxSparkException(code, what + ": " + scheme.get(), e);
      }
    }
    return new FluxSparkException(code, what + ": " + problem + ": " + e.getMessage(), e);
  }

  /** The same where nobody knows which option it was, if it is a known failure. */
  static Optional<FluxSparkException> find(Throwable e) {
    for (Throwable cause : causes(e)) {
      Optional<Kind> kind = kind(cause);
      if (kind.isPresent()) {
        return Optional.of(new FluxSparkException(kind.get().code, reason(kind.get(), e), e));
      }
    }
    return Optional.empty();
  }

  private static String reason(Kind kind, Throwable e) {
    List<Throwable> causes = causes(e);
    return kind.isOfServer()
        ? kind.reason + causes.get(causes.size() - 1).getMessage()
        : kind.reason;
  }

  private static Optional<String> missingScheme(Throwable e) {
    Matcher matcher = NO_SCHEME.matcher(String.valueOf(e.getMessage()));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String scheme = matcher.group(1);
    return Optional.of(
        scheme.equals("s3") || scheme.equals("s3n")
            ? scheme + ": is not known to Hadoop; s3a:// names the same bucket"
            : "Hadoop knows no file system " + scheme + ":, or its jars are not on the class path");
  }

  private static Optional<Kind> kind(Throwable e) {
    String message = String.valueOf(e.getMessage());
    boolean isOfS3 = message.contains("s3a:") || message.contains("software.amazon.awssdk");
    return switch (e.getClass().getSimpleName()) {
      case "ClassNotFoundException", "NoClassDefFoundError" ->
          message.contains("s3a.S3AFileSystem") || message.contains("software/amazon/awssdk")
              ? Optional.of(Kind.NO_JARS)
              : Optional.empty();
      case "NoAuthWithAWSException", "NoAwsCredentialsException" ->
          Optional.of(Kind.NO_CREDENTIALS);
      case "UnknownStoreException", "NoSuchBucketException" -> Optional.of(Kind.NO_BUCKET);
      case "AccessDeniedException" ->
          message.contains("NoAwsCredentials") || message.contains("NoAuthWithAWS")
              ? Optional.of(Kind.NO_CREDENTIALS)
              : isOfS3 ? Optional.of(Kind.REFUSED) : Optional.empty();
      case "SdkClientException", "ApiCallAttemptTimeoutException", "AWSClientIOException" ->
          message.contains("Unable to execute HTTP request")
              ? Optional.of(Kind.UNREACHABLE)
              : Optional.empty();
      case "AWSServiceThrottledException",
          "AWSStatus500Exception",
          "AWSServiceIOException",
          "AWSNoResponseException",
          "HttpChannelEOFException",
          "ConnectionClosedException" ->
          Optional.of(Kind.FAILED);
      default -> Optional.empty();
    };
  }

  private static List<Throwable> causes(Throwable e) {
    return Stream.iterate(e, cause -> cause != null, Throwable::getCause).toList();
  }
}
