package io.fluxspark.sampling;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;

/**
 * What a model answers to a noisy sample: FLUX.1's where it moves, noise - picture; a model that
 * was trained on another {@link NoisePath} what that path asks for.
 */
@FunctionalInterface
public interface Velocity {
  /**
   * The answer at a point.
   *
   * @param x (B, S, C), float32
   * @param timesteps of each picture, 0 (picture) to 1000 (noise)
   * @return (B, S, C), float32
   */
  NativeTensor at(TensorScope owner, NativeTensor x, float[] timesteps);
}
