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
   * Memory of the device: the weights that are there for good, and the most that encoding texts,
   * denoising and decoding hold at a time, reckoned from the shapes of what is computed. What
   * PyTorch keeps for itself comes on top.
   *
   * @param batchSize pictures that are made together
   * @param type in which the model computes
   * @param offload what of the model stays in the host's memory
   */
  long deviceBytes(Bucket bucket, int batchSize, DataType type, Set<Offload> offload);

  /**
   * Memory of the host that is taken instead of the device's, besides pages of the model's files.
   *
   * @param type in which the model computes
   * @param offload what of the model stays in the host's memory
   */
  long hostBytes(Bucket bucket, DataType type, Set<Offload> offload);
}
