package io.fluxspark.transformer;

import io.fluxspark.program.DataType;
import io.fluxspark.program.PeakMemory;
import io.fluxspark.program.WeightStorage;
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
