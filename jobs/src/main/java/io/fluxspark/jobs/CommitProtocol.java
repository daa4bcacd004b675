package io.fluxspark.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * How Spark commits what its tasks wrote. On disks and HDFS it renames folders. S3 has no renames:
 * there a copy takes their place, which is slow, and which a failure in the middle leaves half
 * done. Hadoop's S3A committers make all files appear at once instead. Spark 4.1 sets all that they
 * need where its module spark-hadoop-cloud is on the class path, but settings of old may undo it.
 */
final class CommitProtocol {
  private static final String S3A = "s3a";
  private static final String SUCCESS = "_SUCCESS";

  private static final String CLASS = "spark.sql.sources.commitProtocolClass";
  private static final String CLOUD_CLASS =
      "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol";
  private static final String PARQUET = "spark.sql.parquet.output.committer.class";
  private static final String CLOUD_PARQUET =
      "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter";
  private static final String COMMITTER = "fs.s3a.committer.name";
  private static final String MAGIC = "magic";
  private static final String RENAMING = "file";

  private static final ObjectMapper JSON = new ObjectMapper();

  private CommitProtocol() {}

  /**
   * Refuses settings with which an output on S3 would be renamed, before hours of work go there.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT}
   */
  static void require(SparkSession spark, Path output) {
    if (!isS3(output)) {
      return;
    }
    if (!isCloudModuleThere()) {
      throw renamed(output, "spark-hadoop-cloud is not on the class path; see conf/s3.conf");
    }
    requireSetting(output, CLASS, GuardedCommit.protocol(spark), CLOUD_CLASS);
    requireSetting(output, PARQUET, spark.conf().get(PARQUET, ""), CLOUD_PARQUET);
    String committer = spark.sparkContext().hadoopConfiguration().get(COMMITTER, RENAMING);
    if (committer.equals(RENAMING)) {
      throw missing(output, "spark.hadoop." + COMMITTER, MAGIC);
    }
  }

  /**
   * Looks at what committed a folder. One on S3 that was renamed is no longer committed afterwards.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT} when it was not one of Hadoop's S3A
   *     committers; {@code INPUT_OUTPUT} when that cannot be seen
   */
  static void verify(SparkSession spark, String folder) {
    Path success = new Path(folder, SUCCESS);
    if (!isS3(success)) {
      return;
    }
    try {
      FileSystem files = success.getFileSystem(spark.sparkContext().hadoopConfiguration());
      String committer;
      try (FSDataInputStream in = files.open(success)) {
        committer = committer(in.readAllBytes());
      }
      if (committer.isEmpty()) {
        files.delete(success, false);
        throw renamed(
            success.getParent(),
            "its "
                + SUCCESS
                + " names no S3A committer; mapreduce.outputcommitter.factory.scheme.s3a must be"
                + " org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory, as Hadoop has it");
      }
    } catch (IOException e) {
      throw StorageFailure.of(ErrorCode.INPUT_OUTPUT, success.toString(), "cannot be read", e);
    }
  }

  /** What a {@code _SUCCESS} says; Hadoop's other committers leave it empty. */
  static String committer(byte[] success) {
    try {
      JsonNode json = JSON.readTree(success);
      return json == null ? "" : json.path("committer").asText("");
    } catch (JsonProcessingException e) {
      return "";
    } catch (IOException e) {
      throw new IllegalStateException("bytes are always there", e);
    }
  }

  private static void requireSetting(Path output, String key, String value, String wanted) {
    if (!value.equals(wanted)) {
      throw missing(output, key, wanted);
    }
  }

  private static boolean isS3(Path path) {
    return S3A.equals(path.toUri().getScheme());
  }

  private static boolean isCloudModuleThere() {
    try {
      Class.forName(CLOUD_CLASS, false, Thread.currentThread().getContextClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  private static FluxSparkException missing(Path output, String key, String value) {
    return renamed(output, "the setting " + key + "=" + value + " is missing");
  }

  private static FluxSparkException renamed(Path output, String problem) {
    return new FluxSparkException(
        ErrorCode.INVALID_OUTPUT,
        "--output "
            + output
            + ": Spark commits here by renaming, which is not safe on S3: "
            + problem);
  }
}
