package io.fluxspark.pipeline;

import io.fluxspark.program.DataType;
import io.fluxspark.request.Bucket;

/** What pictures cost with a model, from its configuration alone. */
public interface ModelCost {
  /**
   * What the transformer computes for one picture.
   *
   * @return multiplications and additions, all steps together
   */
  double denoisingFlops(Bucket bucket);

  /**
   * Memory of the device: all weights, and the largest of what the transformer and the decoder hold
   * at a time. An estimate from shapes.
   *
   * @param batchSize pictures that are made together
   * @param type in which the model computes
   */
  long deviceBytes(Bucket bucket, int batchSize, DataType type);
}
