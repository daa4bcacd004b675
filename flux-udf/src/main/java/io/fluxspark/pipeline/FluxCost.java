package io.fluxspark.pipeline;

import io.fluxspark.program.DataType;
import io.fluxspark.request.Bucket;
import io.fluxspark.request.Task;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.VaeConfig;
import java.util.Collection;

/**
 * The cost of a FLUX.1 model's pictures.
 *
 * @param parameters of all parts
 * @param float8Parameters those of them that stay in float8
 */
record FluxCost(
    TransformerConfig transformer, VaeConfig vae, long parameters, long float8Parameters)
    implements ModelCost {
  /** Tensors of (B, L + S, D) that a single-stream block holds where it holds most. */
  private static final int LIVE_STREAMS = 14;

  /** Tensors of (1, C, H, W) that the decoder's last level holds at a time. */
  private static final int LIVE_MAPS = 4;

  static FluxCost of(ModelFolder folder) {
    Collection<ModelParts.Part> parts = ModelParts.of(folder).values();
    return new FluxCost(
        folder.transformerConfig(),
        folder.vaeConfig(),
        parts.stream().mapToLong(part -> part.plan().parameters()).sum(),
        parts.stream().mapToLong(ModelParts.Part::float8Parameters).sum());
  }

  @Override
  public double denoisingFlops(Bucket bucket) {
    return bucket.transformerCalls() * transformer.flops(tokens(bucket));
  }

  @Override
  public double reusedFlops(Bucket bucket) {
    double blocks = transformer.numLayers() + transformer.numSingleLayers();
    return transformer.flops(tokens(bucket)) * (blocks - 1) / blocks;
  }

  @Override
  public long deviceBytes(Bucket bucket, int batchSize, DataType type) {
    long stream = batchSize * tokens(bucket) * transformer.innerDim();
    long widest = vae.blockOutChannels().get(Math.min(1, vae.blockOutChannels().size() - 1));
    long map = (long) bucket.height() * bucket.width() * widest;
    long live = Math.max(LIVE_STREAMS * stream, LIVE_MAPS * map);
    return (parameters - float8Parameters + live) * type.bytes()
        + float8Parameters * DataType.FLOAT8_E4M3FN.bytes();
  }

  /**
   * L + S. A Kontext model's picture counts as one of the output's size, which it is but for
   * rounding unless it keeps its own.
   */
  private long tokens(Bucket bucket) {
    long side = 2L * vae.scaleFactor();
    long image = bucket.height() / side * (bucket.width() / side);
    return bucket.maxSequenceLength() + (bucket.task() == Task.KONTEXT ? 2 : 1) * image;
  }
}
