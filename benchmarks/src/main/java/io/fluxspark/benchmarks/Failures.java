package io.fluxspark.benchmarks;

import java.util.SplittableRandom;

/** When something is lost, in seconds from when it is there; infinite for never. */
interface Failures {
  /** Asked once for each executor that arrives, in their order. */
  double untilExecutorIsLost();

  /** Asked once for each start of the driver. */
  double untilRunIsLost();

  /** At constant rates. */
  static Failures random(ClusterModel.Losses losses, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new Failures() {
      @Override
      public double untilExecutorIsLost() {
        return until(losses.executorsPerGpuHour());
      }

      @Override
      public double untilRunIsLost() {
        return until(losses.runsPerHour());
      }

      private double until(double perHour) {
        return perHour == 0
            ? Double.POSITIVE_INFINITY
            : -Math.log1p(-random.nextDouble()) * 3600 / perHour;
      }
    };
  }
}
