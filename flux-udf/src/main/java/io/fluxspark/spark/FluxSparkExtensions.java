package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import org.apache.spark.package$;
import org.apache.spark.sql.SparkSessionExtensions;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Brings {@code flux_image} to Spark SQL: {@code
 * spark.sql.extensions=io.fluxspark.spark.FluxSparkExtensions}.
 *
 * <p>{@code flux_image(prompt[, options])} gives a struct: the output table's columns, and {@code
 * error_code} and {@code error_message}, which are null where a picture was made. A row that is
 * wrong is an error in its struct, never a failed query. A call that is wrong for all rows is an
 * {@code AnalysisException} of one line. Pictures are made in batches, once a row.
 */
public final class FluxSparkExtensions
    extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  private static final String SPARK = "4.1.";

  /** Made by Spark. */
  public FluxSparkExtensions() {}

  /**
   * Brings the function to a session that is being built.
   *
   * @throws FluxSparkException {@code INVALID_OPTION} on another Spark than 4.1
   */
  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    requireSpark(package$.MODULE$.SPARK_VERSION());
    FluxSparkPlanning.install(extensions);
    return BoxedUnit.UNIT;
  }

  /** Spark's planner has other classes in each version. */
  static void requireSpark(String version) {
    if (!version.startsWith(SPARK)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "spark.sql.extensions: FluxSparkExtensions is for Spark 4.1, and this is Spark "
              + version
              + "; use Spark 4.1.x, or leave the extension out");
    }
  }
}
