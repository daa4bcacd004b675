package io.fluxspark.transformer;

import io.fluxspark.program.NativeTensor;

/**
 * What modulates the blocks of a transformer at T steps, in the type of the blocks. The tensors
 * belong to whoever asked for them.
 *
 * @param timesteps T of them
 * @param ofDoubleBlocks (double blocks, T, B, 12 D)
 * @param ofSingleBlocks (single blocks, T, B, 3 D)
 * @param ofEnd (T, B, 2 D)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Modulation(
    float[] timesteps,
    NativeTensor ofDoubleBlocks,
    NativeTensor ofSingleBlocks,
    NativeTensor ofEnd) {
  /** The step at a timestep, from 0 on. */
  int step(float timestep) {
    for (int step = 0; step < timesteps.length; step++) {
      if (timesteps[step] == timestep) {
        return step;
      }
    }
    throw new IllegalArgumentException(
        "timestep " + timestep + " is none of those that were modulated");
  }
}
