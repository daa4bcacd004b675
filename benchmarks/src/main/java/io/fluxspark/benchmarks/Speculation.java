package io.fluxspark.benchmarks;

/**
 * Spark's second copies of slow tasks.
 *
 * @param quantile of a portion's tasks have to be done first ({@code spark.speculation.quantile})
 * @param multiplier of the median that a task has to take ({@code spark.speculation.multiplier})
 */
record Speculation(double quantile, double multiplier) {
  /** Spark's own. */
  static final Speculation DEFAULT = new Speculation(0.9, 3);

  Speculation {
    if (!(quantile > 0 && quantile <= 1 && multiplier >= 1)) {
      throw new IllegalArgumentException(
          "a quantile above 0 up to 1 and a multiplier of at least 1 are needed");
    }
  }
}
