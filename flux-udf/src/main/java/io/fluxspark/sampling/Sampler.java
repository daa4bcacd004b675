package io.fluxspark.sampling;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;

/** How a sample gets from a noise level to the next, given what the model predicts. */
@FunctionalInterface
public interface Sampler {
  /**
   * Makes a step.
   *
   * @param owner of what is returned
   * @param schedule whose noise levels are the t of the sampler's path
   * @param step from 0 on: from {@code sigmas[step]} to {@code sigmas[step + 1]}
   * @param x at the first of both levels, (B, S, C), float32; stays the caller's
   * @param model whose answer is what the path asks for
   * @return (B, S, C), float32
   */
  NativeTensor next(TensorScope owner, Schedule schedule, int step, NativeTensor x, Velocity model);
}
