package io.fluxspark.training;

import io.fluxspark.sampling.Ddim;
import io.fluxspark.sampling.Ddpm;
import io.fluxspark.sampling.Euler;
import io.fluxspark.sampling.Heun;
import io.fluxspark.sampling.Latents;
import io.fluxspark.sampling.NoisePath;
import io.fluxspark.sampling.Sampler;
import java.util.List;

/**
 * A sampler by its name.
 *
 * @param name as tables have it
 * @param callsOfSteps how often the model is asked
 * @param isDeterministic whether it follows the path's differential equation, and draws no noise
 */
record PathSampling(String name, CallCount callsOfSteps, boolean isDeterministic, Maker maker) {
  static final PathSampling EULER =
      new PathSampling("euler", n -> n, true, (latents, path, seeds) -> new Euler(latents, path));
  static final PathSampling HEUN =
      new PathSampling(
          "heun", n -> 2 * n - 1, true, (latents, path, seeds) -> new Heun(latents, path));
  private static final PathSampling DDIM =
      new PathSampling("ddim", n -> n, true, (latents, path, seeds) -> new Ddim(latents, path));
  private static final PathSampling DDPM = new PathSampling("ddpm", n -> n, false, Ddpm::new);

  /** Makes a sampler. */
  @FunctionalInterface
  interface Maker {
    Sampler of(Latents latents, NoisePath path, long[] seeds);
  }

  /** How often a model is asked. */
  @FunctionalInterface
  interface CallCount {
    int of(int steps);
  }

  /** What fits a goal. On the straight way, DDIM is Euler's method. */
  static List<PathSampling> of(Goal.OnPath goal) {
    return goal instanceof Goal.FlowMatching
        ? List.of(EULER, HEUN, DDPM)
        : List.of(EULER, HEUN, DDIM, DDPM);
  }
}
