package io.fluxspark.transformer;

import io.fluxspark.program.DataType;
import io.fluxspark.program.PeakMemory;
import io.fluxspark.program.WeightStorage;
import java.util.HashMap;
import java.util.Map;

/**
 * The most memory of the device that calls of a {@link Transformer} take beside its weights,
 * reckoned from the shapes of what they compute.
 *
 * @param type in which the blocks compute
 * @param storage of the checkpoint
 * @param batch B
 * @param imageTokens S
 * @param textTokens L
 * @param steps T
 */
public record TransformerMemory(
    TransformerConfig config,
    DataType type,
    WeightStorage storage,
    long batch,
    long imageTokens,
    long textTokens,
    long steps) {

  /** Bytes of {@link Transformer#modulate}. */
  public long modulating() {
    return PeakMemory.of(programs().modulate, sizes());
  }

  /** As {@link #modulating}, after {@link Transformer#loadWithModulationOnHost}. */
  public long modulatingFromHost() {
    return PeakMemory.ofBringing(programs().modulate, sizes());
  }

  /** Bytes of a step, with the {@link Modulation} and the text that it is given. */
  public long stepping() {
    return PeakMemory.of(programs().step, sizes());
  }

  /**
   * As {@link #stepping}, of a {@link FirstBlockCache} that computes all pictures, with what it
   * keeps.
   */
  public long steppingWithFirstBlockCache() {
    Map<String, Long> sizes = new HashMap<>(sizes());
    sizes.put("A", batch);
    long text = batch * textTokens * config.innerDim() * type.bytes();
    return PeakMemory.of(programs().otherBlocks, sizes) + text + keptByFirstBlockCache();
  }

  /** Bytes of what a {@link FirstBlockCache} keeps from step to step. */
  public long keptByFirstBlockCache() {
    return 2 * batch * imageTokens * config.innerDim() * type.bytes();
  }

  /** Bytes of a {@link Modulation} and the text beside it. */
  public long given() {
    long numbersAStep =
        TransformerProgram.DOUBLE_MODULATIONS * config.numLayers()
            + TransformerProgram.SINGLE_MODULATIONS * config.numSingleLayers()
            + TransformerProgram.END_MODULATIONS;
    return (steps * numbersAStep + textTokens) * batch * config.innerDim() * type.bytes();
  }

  private TransformerProgram programs() {
    return new TransformerProgram(config, type, storage);
  }

  private Map<String, Long> sizes() {
    return Map.of("B", batch, "S", imageTokens, "L", textTokens, "T", steps);
  }
}
