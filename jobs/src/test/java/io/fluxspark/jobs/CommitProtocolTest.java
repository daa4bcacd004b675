package io.fluxspark.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommitProtocolTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"name\":\"SuccessData/1\",\"committer\":\"magic\"} | magic",
        "{\"name\":\"SuccessData/1\"} | ''",
        "'' | ''",
        "not JSON | ''",
      })
  void theMarkerNamesTheCommitter(String success, String committer) {
    assertThat(CommitProtocol.committer(success.getBytes(UTF_8))).isEqualTo(committer);
  }

  @Test
  void renamingIsRefusedOnS3AndNowhereElse() {
    SparkSession spark = TestSpark.session().newSession();
    Path s3 = new Path("s3a://bucket/out");

    assertThatCode(() -> CommitProtocol.require(spark, s3))
        .as("what Spark sets by itself")
        .doesNotThrowAnyException();
    spark
        .conf()
        .set(
            "spark.sql.sources.commitProtocolClass",
            "org.apache.spark.sql.execution.datasources.SQLHadoopMapReduceCommitProtocol");
    assertThatThrownBy(() -> CommitProtocol.require(spark, s3))
        .hasMessage(
            "--output s3a://bucket/out: Spark commits here by renaming, which is not safe on S3:"
                + " the setting spark.sql.sources.commitProtocolClass="
                + "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol is missing")
        .extracting("code")
        .isEqualTo(ErrorCode.INVALID_OUTPUT);
    assertThatCode(() -> CommitProtocol.require(spark, new Path("file:///out")))
        .doesNotThrowAnyException();
  }
}
