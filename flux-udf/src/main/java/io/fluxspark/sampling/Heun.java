package io.fluxspark.sampling;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;

/**
 * Heun's method on a path's ordinary differential equation, of second order: Euler's step, then the
 * mean of the velocities at both of its ends (Karras et al. 2022, "Elucidating the Design Space of
 * Diffusion-Based Generative Models", algorithm 1). The model is asked twice a step but in the
 * last, which is Euler's.
 */
public record Heun(Latents latents, NoisePath path) implements Sampler {
  @Override
  public NativeTensor next(
      TensorScope owner, Schedule schedule, int step, NativeTensor x, Velocity model) {
    if (step == schedule.steps() - 1) {
      return new Euler(latents, path).next(owner, schedule, step, x, model);
    }
    float dt = schedule.sigmas()[step + 1] - schedule.sigmas()[step];
    try (TensorScope temporary = new TensorScope(owner.device())) {
      NativeTensor here = velocity(temporary, schedule, step, x, model); // (B, S, C)
      NativeTensor end = latents.mix(temporary, 1, x, dt, here); // (B, S, C)
      NativeTensor there = velocity(temporary, schedule, step + 1, end, model); // (B, S, C)
      NativeTensor mean = latents.mix(temporary, 0.5, here, 0.5, there); // (B, S, C)
      return latents.mix(owner, 1, x, dt, mean);
    }
  }

  private NativeTensor velocity(
      TensorScope owner, Schedule schedule, int step, NativeTensor x, Velocity model) {
    NoisePath.Shares velocity = path.at(schedule.sigmas()[step]).velocity();
    NativeTensor answer = latents.ask(owner, schedule, step, x, model); // (B, S, C)
    return latents.mix(owner, velocity.ofPoint(), x, velocity.ofAnswer(), answer);
  }
}
