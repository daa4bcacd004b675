package io.fluxspark.sampling;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;

/** Euler's method on a path's ordinary differential equation: x + dt velocity. */
public record Euler(Latents latents, NoisePath path) implements Sampler {
  @Override
  public NativeTensor next(
      TensorScope owner, Schedule schedule, int step, NativeTensor x, Velocity model) {
    float from = schedule.sigmas()[step];
    float dt = schedule.sigmas()[step + 1] - from;
    NoisePath.Shares velocity = path.at(from).velocity();
    try (TensorScope temporary = new TensorScope(owner.device())) {
      NativeTensor answer = latents.ask(temporary, schedule, step, x, model); // (B, S, C)
      return latents.mix(owner, 1 + dt * velocity.ofPoint(), x, dt * velocity.ofAnswer(), answer);
    }
  }
}
