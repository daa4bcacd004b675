package io.fluxspark.spark;

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
              .config("spark.sql.extensions", FluxSparkExtensions.class.getName())
              .config("spark.driver.host", "localhost")
              .config("spark.driver.bindAddress", "127.0.0.1")
              .config("spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir") + "/tables")
              .getOrCreate();
    }
    return session;
  }
}
