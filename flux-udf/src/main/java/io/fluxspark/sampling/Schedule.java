package io.fluxspark.sampling;

import java.util.Arrays;

/**
 * Noise levels of flow matching from noise to picture, as diffusers' {@code
 * FlowMatchEulerDiscreteScheduler} sets them for {@code FluxPipeline}: N levels from 1 down to 1/N,
 * shifted, and 0.
 *
 * @param sigmas N + 1 noise levels, 1 first unless steps were left out, 0 last, float32
 * @param timesteps what the transformer is given at the first N of them
 */
@SuppressWarnings("ArrayRecordComponent")
public record Schedule(float[] sigmas, float[] timesteps) {
  /**
   * The schedule of a picture.
   *
   * @param steps N, at least 1
   * @param imageTokens S, on which dynamic shifting depends
   */
  public static Schedule of(ScheduleConfig config, int steps, int imageTokens) {
    double[] levels = new double[steps];
    for (int i = 0; i < steps; i++) {
      double linear = steps == 1 ? 1 : 1 - i * (1 - 1.0 / steps) / (steps - 1);
      levels[i] = shifted(config, linear, imageTokens);
    }
    if (config.shiftTerminal().isPresent()) {
      stretch(levels, config.shiftTerminal().getAsDouble());
    }
    float[] sigmas = new float[steps + 1];
    float[] timesteps = new float[steps];
    for (int i = 0; i < steps; i++) {
      sigmas[i] = (float) levels[i];
      timesteps[i] = sigmas[i] * config.numTrainTimesteps();
    }
    return new Schedule(sigmas, timesteps);
  }

  /** Larger pictures need more noise to be as noisy: Esser et al. 2024, section 5.3.2. */
  private static double shifted(ScheduleConfig config, double sigma, int imageTokens) {
    if (!config.useDynamicShifting()) {
      return config.shift() * sigma / (1 + (config.shift() - 1) * sigma);
    }
    double slope =
        (config.maxShift() - config.baseShift())
            / (config.maxImageSeqLen() - config.baseImageSeqLen());
    double mu = config.baseShift() + slope * (imageTokens - config.baseImageSeqLen());
    double weight = config.timeShiftType().equals("exponential") ? Math.exp(mu) : mu;
    return weight / (weight + (1 / sigma - 1));
  }

  private static void stretch(double[] levels, double terminal) {
    double scale = (1 - levels[levels.length - 1]) / (1 - terminal);
    for (int i = 0; i < levels.length; i++) {
      levels[i] = 1 - (1 - levels[i]) / scale;
    }
  }

  /** The rest of the schedule from a step on, as diffusers' {@code set_begin_index} has it. */
  public Schedule from(int step) {
    return new Schedule(
        Arrays.copyOfRange(sigmas, step, sigmas.length),
        Arrays.copyOfRange(timesteps, step, timesteps.length));
  }

  /** N. */
  public int steps() {
    return timesteps.length;
  }
}
