package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import java.util.Map;

/** What became of one row. */
sealed interface RowOutcome {
  /** A picture. */
  record Made(ImageOutcome.Made image) implements RowOutcome {}

  /** The request was valid, and cannot be met. */
  record Failed(ImageOutcome.Failed image) implements RowOutcome {}

  /**
   * The row is wrong.
   *
   * @param given its own values by column
   */
  record Invalid(Map<String, Object> given, FluxSparkException failure) implements RowOutcome {}

  static RowOutcome of(ImageOutcome outcome) {
    return outcome instanceof ImageOutcome.Made made
        ? new Made(made)
        : new Failed((ImageOutcome.Failed) outcome);
  }
}
