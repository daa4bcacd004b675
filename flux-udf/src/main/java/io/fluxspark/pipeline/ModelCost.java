package io.fluxspark.pipeline;

import io.fluxspark.program.DataType;
import io.fluxspark.request.Bucket;

/** What pictures cost with a model, from its configuration alone. */
public interface ModelCost {
  /**
   * What the transformer computes for one picture, where no call leaves out blocks.
   *
   * @return multiplications and additions, all steps together
   */
  double denoisingFlops(Bucket bucket);

  /**
   * What a call of the transformer does not compute for one picture where it leaves out all blocks
   * but the first.
   *
   * @return multiplications and additions
   */
  double reusedFlops(Bucket bucket);

  /**
   * Memory of the device: all weights, and the largest of what the transformer and the decoder hold
   * at a time. An estimate from shapes.
   *
   * @param batchSize pictures that are made together
   * @param type in which the model computes
   */
  long deviceBytes(Bucket bucket, int batchSize, DataType type);
}
