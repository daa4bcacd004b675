package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretsTest {
  @ParameterizedTest
  @CsvSource({
    "s3a://key:secret@bucket/out, s3a://*****@bucket/out",
    "s3a://key:sec/r+et@bucket/out, s3a://*****@bucket/out",
    "hdfs://someone@host:8020/out, hdfs://*****@host:8020/out",
    "hdfs://host:8020/a@b, hdfs://host:8020/a@b",
    "s3a://bucket/a@b, s3a://bucket/a@b",
    "--output s3a://k:s@b: is a file, --output s3a://*****@b: is a file",
    "s3a://bucket is full; ask me@home, s3a://bucket is full; ask me@home",
  })
  void hidesUserAndPassword(String text, String redacted) {
    assertThat(Secrets.redacted(text)).isEqualTo(redacted);
  }
}
