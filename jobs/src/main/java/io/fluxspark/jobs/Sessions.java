package io.fluxspark.jobs;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Starts Spark with what this program prefers where nobody said otherwise. */
final class Sessions {
  private static final Map<String, String> PREFERRED =
      Map.of(
          "spark.master", "local[*]",
          "spark.app.name", "fluxspark",
          "spark.log.level", "ERROR",
          "spark.ui.showConsoleProgress", "false",
          "spark.executor.heartbeatInterval", "2s",
          // S3A tries a read that broke off again, but for those of several ranges at once.
          "spark.hadoop.parquet.hadoop.vectored.io.enabled", "false",
          "spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS");

  /** Spark's 200 are for clusters; in one process they cost more than all else of a small job. */
  private static final String LOCAL_SHUFFLE_PARTITIONS = "8";

  private Sessions() {}

  static SparkSession start() {
    SparkConf conf = new SparkConf();
    PREFERRED.forEach(conf::setIfMissing);
    if (conf.get("spark.master").startsWith("local[")) {
      conf.setIfMissing("spark.sql.shuffle.partitions", LOCAL_SHUFFLE_PARTITIONS);
    }
    return SparkSession.builder().config(conf).getOrCreate();
  }
}
