package io.fluxspark.sampling;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;

/**
 * The deterministic sampler of Song et al. 2021, "Denoising Diffusion Implicit Models" (equation
 * 12, eta = 0): the picture and the noise that the answer stands for, mixed as the next level has
 * them. On the straight path that is Euler's method.
 */
public record Ddim(Latents latents, NoisePath path) implements Sampler {
  @Override
  public NativeTensor next(
      TensorScope owner, Schedule schedule, int step, NativeTensor x, Velocity model) {
    NoisePath.Point to = path.at(schedule.sigmas()[step + 1]);
    NoisePath.Shares mixed = path.at(schedule.sigmas()[step]).mixture(to.signal(), to.noise());
    try (TensorScope temporary = new TensorScope(owner.device())) {
      NativeTensor answer = latents.ask(temporary, schedule, step, x, model); // (B, S, C)
      return latents.mix(owner, mixed.ofPoint(), x, mixed.ofAnswer(), answer);
    }
  }
}
