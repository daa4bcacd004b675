package io.fluxspark.pipeline;

import io.fluxspark.program.DataType;
import io.fluxspark.request.Bucket;
import java.util.Set;

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
   * The memory that a batch needs.
   *
   * @param batchSize pictures that are made together
   * @param type in which the model computes
   * @param offload what of the model stays in the host's memory
   */
  ModelMemory memory(Bucket bucket, int batchSize, DataType type, Set<Offload> offload);
}
