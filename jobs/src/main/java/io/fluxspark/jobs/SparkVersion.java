package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import scala.util.Properties;

/** Which Spark this program was built for. Another one fails somewhere later, in its own words. */
record SparkVersion(String spark, String scala) {
  private static final String SPARK = "4.1";
  private static final String SCALA = "2.13";

  /** That of this process. */
  static SparkVersion current() {
    return new SparkVersion(
        org.apache.spark.package$.MODULE$.SPARK_VERSION(), Properties.versionNumberString());
  }

  /**
   * Refuses another one.
   *
   * @throws FluxSparkException {@code INVALID_OPTION}
   */
  void require() {
    if (!spark.startsWith(SPARK + ".") || !scala.startsWith(SCALA + ".")) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "this is Spark "
              + spark
              + " with Scala "
              + scala
              + "; Spark "
              + SPARK
              + " with Scala "
              + SCALA
              + " is needed, on the cluster too: use its spark-submit (pip install pyspark==4.1.2 has one), or"
              + " deploy/submit without SPARK_HOME, which brings its own");
    }
  }
}
