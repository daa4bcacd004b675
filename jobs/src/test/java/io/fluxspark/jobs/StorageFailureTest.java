package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.stream.Stream;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.fs.s3a.HttpChannelEOFException;
import org.apache.hadoop.fs.s3a.UnknownStoreException;
import org.apache.hadoop.fs.s3a.auth.NoAwsCredentialsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.exception.SdkClientException;

class StorageFailureTest {
  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            new AccessDeniedException("s3a://b/o", null, "Forbidden (Status Code: 403)"),
            "S3 refuses access: the credentials are wrong, or do not allow this"),
        Arguments.of(
            new AccessDeniedException("s3a://b/o", null, "NoAwsCredentialsException: none"),
            "there are no credentials for S3; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                + " spark.hadoop.fs.s3a.access.key and spark.hadoop.fs.s3a.secret.key are needed"),
        Arguments.of(
            new IOException(new NoAwsCredentialsException("providers")),
            "there are no credentials for S3; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                + " spark.hadoop.fs.s3a.access.key and spark.hadoop.fs.s3a.secret.key are needed"),
        Arguments.of(
            new UnknownStoreException("s3a://b/o", "NoSuchBucket"), "there is no such bucket"),
        Arguments.of(
            new RuntimeException(
                new ClassNotFoundException(
                    "Class org.apache.hadoop.fs.s3a.S3AFileSystem not found")),
            "s3a: cannot be read or written, since hadoop-aws is not on the class path; see"
                + " conf/s3.conf"),
        Arguments.of(
            new UnsupportedFileSystemException("No FileSystem for scheme \"s3\""),
            "s3: is not known to Hadoop; s3a:// names the same bucket"),
        Arguments.of(
            new UnsupportedFileSystemException("No FileSystem for scheme \"gs\""),
            "Hadoop knows no file system gs:, or its jars are not on the class path"),
        Arguments.of(new FileNotFoundException("gone"), "cannot be read: gone"),
        Arguments.of(new AccessDeniedException("/out"), "cannot be read: /out"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void isOneLineThatSaysWhatToChange(Exception e, String reason) {
    FluxSparkException failure =
        StorageFailure.of(ErrorCode.INVALID_OUTPUT, "--output s3a://b/o", "cannot be read", e);

    assertThat(failure).hasMessage("--output s3a://b/o: " + reason).hasCause(e);
    assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_OUTPUT);
  }

  @Test
  void aServerThatDoesNotAnswerIsNoFaultOfTheUser() {
    Exception e =
        SdkClientException.create(
            "Unable to execute HTTP request: refused", new IOException("Connection refused"));

    FluxSparkException failure =
        StorageFailure.of(ErrorCode.INVALID_OUTPUT, "--output s3a://b/o", "cannot be read", e);

    assertThat(failure).hasMessage("--output s3a://b/o: S3 does not answer: Connection refused");
    assertThat(failure.code()).isEqualTo(ErrorCode.INPUT_OUTPUT);
  }

  @Test
  void aServerThatFailsIsNoFaultOfTheUser() {
    Exception e =
        new IllegalStateException(
            "job", new HttpChannelEOFException("s3a://b/o", "read", new IOException("cut off")));

    FluxSparkException failure =
        StorageFailure.of(ErrorCode.INVALID_OUTPUT, "--output s3a://b/o", "cannot be read", e);

    assertThat(failure).hasMessage("--output s3a://b/o: S3 has failed too often: cut off");
    assertThat(failure.code()).isEqualTo(ErrorCode.INPUT_OUTPUT);
  }

  @Test
  void isFoundInsideOtherFailures() {
    Exception known = new UnknownStoreException("s3a://b/o", "NoSuchBucket");

    assertThat(StorageFailure.find(new IllegalStateException("job", known)))
        .hasValueSatisfying(failure -> assertThat(failure).hasMessage("there is no such bucket"));
    assertThat(StorageFailure.find(new IllegalStateException("job"))).isEmpty();
  }
}
