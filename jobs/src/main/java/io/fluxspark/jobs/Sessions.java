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
          "spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS");

  private Sessions() {}

  static SparkSession start() {
    SparkConf conf = new SparkConf();
    PREFERRED.forEach(conf::setIfMissing);
    return SparkSession.builder().config(conf).getOrCreate();
  }
}
