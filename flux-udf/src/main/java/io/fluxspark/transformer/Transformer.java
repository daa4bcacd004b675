package io.fluxspark.transformer;

import io.fluxspark.program.Argument;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.LowRank;
import io.fluxspark.weights.ModelPart;
import io.fluxspark.weights.WeightPlan;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** FLUX.1's transformer with its weights. Several threads may use it at once. */
public final class Transformer implements AutoCloseable {
  private final TransformerProgram programs;
  private final ModelPart part;

  private Transformer(TransformerProgram programs, ModelPart part) {
    this.programs = programs;
    this.part = part;
  }

  /**
   * Loads the weights. Those that are stored in float8 stay so, and are converted at each use.
   *
   * @param type in which the blocks compute
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} where the checkpoint does
   *     not fit the configuration
   */
  public static Transformer load(
      TransformerConfig config, Checkpoint checkpoint, Device device, DataType type) {
    return load(config, checkpoint, device, type, checkpoint.storage());
  }

  /**
   * Loads the weights.
   *
   * @param type in which the blocks compute
   * @param storage how their matrices are kept: the checkpoint's, {@link
   *     WeightStorage#FLOAT8_PRODUCTS} or {@link WeightStorage#INT8_PRODUCTS}
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} where the checkpoint does
   *     not fit the configuration
   */
  public static Transformer load(
      TransformerConfig config,
      Checkpoint checkpoint,
      Device device,
      DataType type,
      WeightStorage storage) {
    return load(config, checkpoint, device, type, storage, name -> false);
  }

  /**
   * As {@link #load(TransformerConfig, Checkpoint, Device, DataType, WeightStorage)}, with less of
   * the device's memory: the weights that modulate the blocks, a quarter of all, stay in the
   * host's, in the type in which they are stored, and are brought to the device for {@link
   * #modulate} alone. There is no {@link #velocity(TensorScope, NativeTensor, NativeTensor,
   * NativeTensor, NativeTensor, NativeTensor, Rotary)} without modulation on a GPU.
   */
  public static Transformer loadWithModulationOnHost(
      TransformerConfig config,
      Checkpoint checkpoint,
      Device device,
      DataType type,
      WeightStorage storage) {
    return load(config, checkpoint, device, type, storage, TransformerProgram::isModulation);
  }

  private static Transformer load(
      TransformerConfig config,
      Checkpoint checkpoint,
      Device device,
      DataType type,
      WeightStorage storage,
      Predicate<String> onHost) {
    TransformerProgram programs = new TransformerProgram(config, type, storage);
    ModelPart part =
        ModelPart.load(programs.program, plan(config), checkpoint, device, type, onHost);
    return new Transformer(programs, part);
  }

  /**
   * What {@link #loadWithModulationOnHost} brings to the device for good.
   *
   * @param whole from {@link #plan}
   */
  public static WeightPlan planWithModulationOnHost(WeightPlan whole) {
    return whole.without(TransformerProgram::isModulation);
  }

  /** The weights that a transformer of this configuration has. */
  public static WeightPlan plan(TransformerConfig config) {
    TransformerProgram programs =
        new TransformerProgram(config, DataType.FLOAT32, WeightStorage.AS_COMPUTED);
    List<WeightSpec> own =
        Stream.of(programs.embedText, programs.velocity)
            .flatMap(m -> m.weightSpecs("w").stream())
            .toList();
    return new WeightPlan(
        own,
        List.of(
            new WeightPlan.Layers(
                "transformer_blocks.",
                config.numLayers(),
                programs.doubleStreamLayer.weightSpecs("w")),
            new WeightPlan.Layers(
                "single_transformer_blocks.",
                config.numSingleLayers(),
                programs.singleStreamLayer.weightSpecs("w"))));
  }

  /**
   * The weights that are not multiplied in a narrow type.
   *
   * @param whole from {@link #plan}, or some of it
   * @param storage how matrices are kept
   */
  public static WeightPlan planWithoutProducts(
      WeightPlan whole, TransformerConfig config, WeightStorage storage) {
    return whole.without(program(config, DataType.BFLOAT16, storage)::isProduct);
  }

  /**
   * The programs that run a transformer of this configuration, to be read or written to a file.
   *
   * @param storage how their matrices are kept
   */
  public static Program program(TransformerConfig config, DataType type, WeightStorage storage) {
    return new TransformerProgram(config, type, storage).program;
  }

  /**
   * Brings T5's output to the size of the text stream, once a batch.
   *
   * @param t5Hidden (B, L, joint_attention_dim), float32
   * @return (B, L, D), in the type of the blocks
   */
  public NativeTensor embedText(TensorScope owner, NativeTensor t5Hidden) {
    return part.run(owner, programs.embedText, part.own(), t5Hidden).get(0);
  }

  /**
   * Predicts the velocity, noise - image.
   *
   * @param latents packed, (B, S, in_channels), float32
   * @param txt from {@link #embedText}, (B, L, D)
   * @param pooled CLIP's pooled text, (B, pooled_projection_dim), float32
   * @param timestep (B), float32, 0 (image) to 1000 (noise)
   * @param guidance (B), float32; without effect where the model has no guidance embedding
   * @param rotary angles of the L text tokens and then the S image tokens
   * @return (B, S, out_channels), float32
   */
  public NativeTensor velocity(
      TensorScope owner,
      NativeTensor latents,
      NativeTensor txt,
      NativeTensor pooled,
      NativeTensor timestep,
      NativeTensor guidance,
      Rotary rotary) {
    return part.run(
            owner,
            programs.velocity,
            part.own(),
            latents,
            txt,
            pooled,
            timestep,
            guidance,
            rotary.pe(),
            part.layers(0),
            part.layers(1))
        .get(0);
  }

  /**
   * What modulates the blocks at each step of a batch: it depends on timestep, guidance and pooled
   * text alone, so it is computed once for all of them.
   *
   * @param timesteps T of them, each 0 (image) to 1000 (noise)
   * @param pooled CLIP's pooled text, (B, pooled_projection_dim), float32
   * @param guidance (B), float32; without effect where the model has no guidance embedding
   */
  public Modulation modulate(
      TensorScope owner, float[] timesteps, NativeTensor pooled, NativeTensor guidance) {
    int batch = (int) pooled.shape()[0];
    float[] all = new float[timesteps.length * batch];
    for (int step = 0; step < timesteps.length; step++) {
      Arrays.fill(all, step * batch, (step + 1) * batch, timesteps[step]);
    }
    try (TensorScope temporary = new TensorScope(owner.device())) {
      List<NativeTensor> results =
          part.run(
              owner,
              programs.modulate,
              part.own(),
              pooled,
              temporary.floats(all, timesteps.length, batch),
              guidance,
              part.layers(0),
              part.layers(1));
      return new Modulation(timesteps, results.get(0), results.get(1), results.get(2));
    }
  }

  /**
   * As {@link #velocity(TensorScope, NativeTensor, NativeTensor, NativeTensor, NativeTensor,
   * NativeTensor, Rotary)}, at a timestep that {@link #modulate} was told.
   *
   * @param latents packed, (B, S, in_channels), float32
   * @param txt from {@link #embedText}, (B, L, D)
   * @param timestep one of the modulation's
   * @param rotary angles of the L text tokens and then the S image tokens
   * @return (B, S, out_channels), float32
   */
  public NativeTensor velocity(
      TensorScope owner,
      NativeTensor latents,
      NativeTensor txt,
      Modulation modulation,
      float timestep,
      Rotary rotary) {
    return part.run(
            owner,
            programs.step,
            part.own(),
            new Argument.Size(modulation.step(timestep)),
            latents,
            txt,
            modulation.ofDoubleBlocks(),
            modulation.ofSingleBlocks(),
            modulation.ofEnd(),
            rotary.pe(),
            part.layers(0),
            part.layers(1))
        .get(0);
  }

  /**
   * A first-block cache for one batch and one of its texts.
   *
   * @param owner gets what is kept from step to step; it must stay open as long as the cache is
   *     used
   * @param thresholds of each picture, see {@link FirstBlockCache}
   */
  public FirstBlockCache firstBlockCache(TensorScope owner, double[] thresholds) {
    return new FirstBlockCache(programs, part, owner, thresholds);
  }

  /**
   * This transformer with low-rank terms beside some layers. It shares this one's weights, which
   * must stay open as long as it is; closing it leaves them open.
   *
   * @param terms in {@link #type}, by the layers' names, see {@link ModelPart#adapted}
   */
  public Transformer adapted(Map<String, LowRank> terms) {
    return new Transformer(programs, part.adapted(terms));
  }

  /** In which the blocks compute. */
  public DataType type() {
    return part.type();
  }

  @Override
  public void close() {
    part.close();
  }
}
