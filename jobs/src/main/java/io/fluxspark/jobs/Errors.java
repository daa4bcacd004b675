package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.ErrorType;
import io.fluxspark.error.FluxSparkException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one line what went wrong, and which exit code that is. */
record Errors(PrintStream err) {
  static final int WRONG_REQUEST = 2;
  static final int FAILURE = 3;
  static final int INTERRUPTED = 130;

  private static final Pattern QUOTED =
      Pattern.compile(
          Pattern.quote(FluxSparkException.class.getName())
              + ": ("
              + Arrays.stream(ErrorCode.values()).map(Enum::name).collect(Collectors.joining("|"))
              + "): (.*)");

  /** A command line that cannot be understood. */
  int wrongOption(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched) {
      List<String> suggestions = unmatched.getSuggestions();
      String suggestion =
          suggestions.isEmpty()
              ? "--help lists what there is"
              : "did you mean " + String.join(", ", suggestions) + "?";
      String kind = unmatched.isUnknownOption() ? "option" : "command or argument";
      print("unknown " + kind + " '" + unmatched.getUnmatched().get(0) + "'; " + suggestion);
    } else {
      print(e.getMessage());
    }
    return WRONG_REQUEST;
  }

  /** A command that ended with an exception. */
  int failed(Exception e, boolean isVerbose) {
    FluxSparkException failure = find(e).or(() -> StorageFailure.find(e)).orElse(null);
    ErrorCode code = failure == null ? ErrorCode.INTERNAL : failure.code();
    String message = failure == null ? first(e) : failure.getMessage();
    boolean isPlain = code.type() == ErrorType.USER || code == ErrorCode.INTERRUPTED;
    print(isPlain ? message : code + ": " + message);
    if (isVerbose) {
      e.printStackTrace(err);
    }
    if (code == ErrorCode.INTERRUPTED) {
      return INTERRUPTED;
    }
    return switch (code.type()) {
      case USER -> WRONG_REQUEST;
      case INTERNAL, MACHINE -> FAILURE;
    };
  }

  /**
   * Spark wraps what its tasks threw. Where it gives up because no executor is left that it would
   * try, it only quotes it.
   */
  private static Optional<FluxSparkException> find(Throwable e) {
    FluxSparkException quoted = null;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof FluxSparkException failure) {
        return Optional.of(failure);
      }
      Matcher quote = QUOTED.matcher(String.valueOf(cause.getMessage()));
      if (quote.find()) {
        quoted = new FluxSparkException(ErrorCode.valueOf(quote.group(1)), quote.group(2), e);
      }
    }
    return Optional.ofNullable(quoted);
  }

  private static String first(Throwable e) {
    return String.valueOf(e).lines().findFirst().orElse("") + " (--verbose says where)";
  }

  private void print(String message) {
    String line = message.strip().replaceAll("\\s*\\R\\s*", " ");
    err.println("fluxspark: error: " + Secrets.redacted(line));
    err.flush();
  }
}
