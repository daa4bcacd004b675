package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import org.apache.spark.QueryContext;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.unsafe.Platform;
import scala.Option;
import scala.collection.immutable.Map$;

/**
 * What is wrong with a call of {@code flux_image}, as Spark's clients show such things: its line
 * and no stack trace. The cause is the {@link FluxSparkException} with its code.
 */
final class FluxSqlException extends AnalysisException {
  private static final long serialVersionUID = 1L;

  private FluxSqlException(FluxSparkException cause) {
    super(
        FluxSparkFunctions.NAME + ": " + cause.getMessage(),
        Option.empty(),
        Option.empty(),
        Option.apply(cause),
        Option.empty(),
        Map$.MODULE$.empty(),
        new QueryContext[0]);
  }

  /** Throws it where Spark's interfaces declare nothing. */
  static RuntimeException thrown(FluxSparkException cause) {
    Platform.throwException(new FluxSqlException(cause));
    return cause;
  }
}
