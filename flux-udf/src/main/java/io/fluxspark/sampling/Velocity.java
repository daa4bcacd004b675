package io.fluxspark.sampling;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;

/** Where a sample moves: the model's prediction of noise - picture. */
@FunctionalInterface
public interface Velocity {
  /**
   * The velocity at a point.
   *
   * @param x (B, S, C), float32
   * @param timestep (B), float32, 0 (picture) to 1000 (noise)
   * @return (B, S, C), float32
   */
  NativeTensor at(TensorScope owner, NativeTensor x, NativeTensor timestep);
}
