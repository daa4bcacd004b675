package io.fluxspark.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.apache.spark.sql.SparkSession;

/** One small Spark for all tests of this process. */
final class TestSpark {
  private static SparkSession session;

  private TestSpark() {}

  static synchronized SparkSession session() {
    if (session == null) {
      session =
          SparkSession.builder()
              .master("local[2]")
              .config("spark.ui.enabled", "false")
              .config("spark.log.level", "ERROR")
              .config("spark.sql.shuffle.partitions", "3")
              .config("spark.executor.heartbeatInterval", "1s")
              .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
              .config("spark.driver.host", "localhost")
              .config("spark.driver.bindAddress", "127.0.0.1")
              .config("spark.sql.warehouse.dir", newFolder())
              .getOrCreate();
    }
    return session;
  }

  /** Tables of an earlier run of the tests would be in the way. */
  private static String newFolder() {
    try {
      return Files.createTempDirectory("tables").toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
