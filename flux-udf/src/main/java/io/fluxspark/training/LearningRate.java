package io.fluxspark.training;

import java.io.Serializable;
import java.util.Locale;

/**
 * How far the optimizer goes at each step: up from 0 in a straight line, then along a curve.
 *
 * @param peak the rate after the warm-up, above 0
 * @param warmupSteps how many steps it takes to get there
 * @param decay the curve
 * @param steps at which the curve ends
 */
public record LearningRate(double peak, long warmupSteps, Decay decay, long steps)
    implements Serializable {
  /** The curve that the rate follows from its peak on. */
  public enum Decay {
    /** Stays at the peak. */
    CONSTANT,
    /** Straight down to 0. */
    LINEAR,
    /** Half a cosine, down to 0. */
    COSINE;

    /** As options name it. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The rate of a step.
   *
   * @param step from 1 on
   */
  public double at(long step) {
    if (step <= warmupSteps) {
      return peak * step / warmupSteps;
    }
    double part = Math.min(1, (double) (step - warmupSteps) / Math.max(1, steps - warmupSteps));
    return switch (decay) {
      case CONSTANT -> peak;
      case LINEAR -> peak * (1 - part);
      case COSINE -> peak * (1 + Math.cos(Math.PI * part)) / 2;
    };
  }
}
