package io.fluxspark.jobs;

import java.math.BigInteger;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.math.BigInt;

/**
 * Whether Spark compiles queries or interprets them. A run's dozen of small ones takes longer to
 * compile than to interpret where there are few rows.
 */
final class QueryCompilation {
  static final String MODE = "spark.sql.codegen.factoryMode";
  static final String INTERPRETED = "NO_CODEGEN";

  /** As Spark has it: compiled, or interpreted where that fails. */
  static final String COMPILED = "FALLBACK";

  /** Planning takes the same time either way between 0.6 and 6 MB of csv. */
  private static final BigInteger MOST_BYTES = BigInteger.valueOf(1 << 20);

  private QueryCompilation() {}

  /**
   * Sets it for the queries of a run that come, unless the session was started with it.
   *
   * @param rows the prompts; Spark knows their files' size
   * @param finished what the output has, of whatever size that is
   */
  static void choose(SparkSession spark, Dataset<Row> rows, Finished finished) {
    if (spark.sparkContext().getConf().contains(MODE)) {
      return;
    }
    BigInt bytes = rows.queryExecution().optimizedPlan().stats().sizeInBytes();
    boolean isSmall = finished.isEmpty() && bytes.bigInteger().compareTo(MOST_BYTES) <= 0;
    spark.conf().set(MODE, isSmall ? INTERPRETED : COMPILED);
  }
}
