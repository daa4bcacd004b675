package io.fluxspark.sampling;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import java.util.SplittableRandom;

/**
 * Ancestral sampling (Ho et al. 2020, "Denoising Diffusion Probabilistic Models", algorithm 2): the
 * next level is drawn from the posterior q(x_s | x_t, x_0), equations 6 and 7, with the picture x_0
 * that the answer stands for. Levels may be far apart: with signal a and noise n, the chain that
 * has these levels alone has the posterior's variance n_s^2 (1 - (a_t n_s / (a_s n_t))^2), and its
 * mean is a_s x_0 and the noise that is left, as Song et al. 2021 write it (equations 12 and 16,
 * eta = 1).
 *
 * @param seeds one a picture; equal ones give equal samples
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Ddpm(Latents latents, NoisePath path, long[] seeds) implements Sampler {
  @Override
  public NativeTensor next(
      TensorScope owner, Schedule schedule, int step, NativeTensor x, Velocity model) {
    NoisePath.Point from = path.at(schedule.sigmas()[step]);
    NoisePath.Point to = path.at(schedule.sigmas()[step + 1]);
    double kept = from.signal() * to.noise() / (to.signal() * from.noise());
    NoisePath.Shares mean = from.mixture(to.signal(), to.noise() * kept);
    try (TensorScope temporary = new TensorScope(owner.device())) {
      NativeTensor answer = latents.ask(temporary, schedule, step, x, model); // (B, S, C)
      NativeTensor middle =
          latents.mix(temporary, mean.ofPoint(), x, mean.ofAnswer(), answer); // (B, S, C)
      NativeTensor noise = latents.noiseLike(temporary, seedsOf(step), x); // (B, S, C)
      return latents.mix(owner, 1, middle, to.noise() * Math.sqrt(1 - kept * kept), noise);
    }
  }

  /** Of a step, so that each has noise of its own. */
  private long[] seedsOf(int step) {
    long[] own = new long[seeds.length];
    for (int i = 0; i < own.length; i++) {
      own[i] =
          new SplittableRandom(new SplittableRandom(seeds[i]).nextLong() + step)
              .nextLong(Long.MAX_VALUE);
    }
    return own;
  }
}
