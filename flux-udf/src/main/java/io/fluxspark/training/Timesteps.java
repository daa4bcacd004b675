package io.fluxspark.training;

import java.io.Serializable;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Which noise levels training sees how often.
 *
 * @param density before the shift
 * @param logitMean of {@code log(t / (1 - t))} where the density is logit-normal
 * @param logitStd of the same, above 0
 * @param shift s, above 0: t becomes s t / (1 + (s - 1) t), so that above 1 more noise is seen
 */
public record Timesteps(Density density, double logitMean, double logitStd, double shift)
    implements Serializable {
  /** How often each t between 0 and 1 is drawn. */
  public enum Density {
    UNIFORM,
    /** Esser et al. 2024, "Scaling Rectified Flow Transformers", section 3.1. */
    LOGIT_NORMAL;

    /** As options name it. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Draws a noise level, 0 (picture) to 1 (noise). */
  double draw(SplittableRandom random) {
    double t =
        switch (density) {
          case UNIFORM -> random.nextDouble();
          case LOGIT_NORMAL -> 1 / (1 + Math.exp(-(logitMean + logitStd * random.nextGaussian())));
        };
    return shift * t / (1 + (shift - 1) * t);
  }
}
