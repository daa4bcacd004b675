package io.fluxspark.jobs;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** A Spark with Iceberg's catalog {@code lake} and Delta Lake, as {@code conf} sets them. */
final class TableSession {
  private TableSession() {}

  /** The one of this process, which must have no other. */
  static SparkSession start(Path folder) throws Exception {
    SparkSession.Builder builder =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.log.level", "ERROR")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.driver.host", "localhost")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
            .config("spark.databricks.delta.snapshotPartitions", "1");
    for (String file : new String[] {"iceberg.conf", "delta.conf"}) {
      ConfTest.settings(file, key -> false).forEach(builder::config);
    }
    return builder
        .config("spark.jars.packages", "")
        .config("spark.sql.catalog.lake.warehouse", folder.resolve("lake").toString())
        .getOrCreate();
  }
}
