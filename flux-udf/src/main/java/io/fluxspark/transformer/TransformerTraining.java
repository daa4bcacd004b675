package io.fluxspark.transformer;

import static io.fluxspark.program.DataType.FLOAT32;

import io.fluxspark.program.Chain;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Gradient;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.program.Weights;
import java.util.List;
import java.util.Map;

/**
 * The gradients of the squared distance between what FLUX.1's transformer predicts and what it
 * should. What that is, a velocity, another model's output or noise, is the caller's to say.
 * Several threads may use it at once.
 */
public final class TransformerTraining implements AutoCloseable {
  private static final Dim B = Dim.named("B");
  private static final Dim S = Dim.named("S");
  private static final Dim A = Dim.named("A");
  private static final Dim L = Dim.named("L");

  private final LoadedProgram loaded;
  private final Gradient gradient;

  private TransformerTraining(
      TransformerConfig config,
      Device device,
      DataType type,
      double lowRankFactor,
      boolean isCheckpointed) {
    TransformerProgram programs = new TransformerProgram(config, type, WeightStorage.AS_COMPUTED);
    programs.program.multiplyLowRank(lowRankFactor);
    this.gradient =
        isCheckpointed
            ? checkpointed(programs, config, type)
            : programs.program.gradient(
                loss(programs, config, type), stacks(config), "t5_hidden", "pooled");
    this.loaded = LoadedProgram.load(programs.program, device);
  }

  /**
   * Compiles the programs.
   *
   * @param type in which the blocks compute
   * @param lowRankFactor what low-rank terms that are trained are multiplied by, alpha / rank
   */
  public static TransformerTraining load(
      TransformerConfig config, Device device, DataType type, double lowRankFactor) {
    return new TransformerTraining(config, device, type, lowRankFactor, false);
  }

  /**
   * As {@link #load}, with little memory: of each block only what it is given is kept, and on the
   * way back it is made again, which takes about a third longer.
   */
  public static TransformerTraining loadCheckpointed(
      TransformerConfig config, Device device, DataType type, double lowRankFactor) {
    return new TransformerTraining(config, device, type, lowRankFactor, true);
  }

  private static List<Gradient.Stack> stacks(TransformerConfig config) {
    return List.of(
        new Gradient.Stack("double_blocks", "transformer_blocks.", config.numLayers()),
        new Gradient.Stack(
            "single_blocks", "single_transformer_blocks.", config.numSingleLayers()));
  }

  private static Gradient checkpointed(
      TransformerProgram programs, TransformerConfig config, DataType type) {
    Chain chain =
        new Chain("loss", type)
            .call(
                programs.start, List.of("img", "vec"), "latents", "pooled", "timestep", "guidance")
            .call(programs.embedText, List.of("txt"), "t5_hidden")
            .forEachLayer(
                programs.doubleStreamLayer,
                stacks(config).get(0),
                List.of("img", "txt"),
                "vec",
                "pe")
            .call(programs.join, List.of("x"), "img", "txt")
            .forEachLayer(
                programs.singleStreamLayer, stacks(config).get(1), List.of("x"), "vec", "pe")
            .call(programs.end, List.of("prediction"), "x", "txt", "vec")
            .call(distance(programs, config), List.of("distance"), "prediction", "target");
    return programs.program.gradient(chain, "t5_hidden", "pooled");
  }

  private static Method distance(TransformerProgram programs, TransformerConfig config) {
    Method m = programs.program.method("distance");
    Dim channels = Dim.of(config.outChannels());
    Tensor prediction = m.input("prediction", FLOAT32, B, S, channels); // (B, S, C)
    Tensor target = m.input("target", FLOAT32, B, A, channels); // (B, A, C)
    Tensor asked = prediction.narrow(1, Dim.of(0), A); // (B, A, C)
    return m.returns(asked.subtract(target).square().meanOfEach()); // (B)
  }

  /**
   * What the transformer is shown.
   *
   * @param latents packed, (B, S, in_channels), float32; those behind the target's A are shown only
   * @param t5Hidden T5's output, (B, L, joint_attention_dim), float32
   * @param pooled CLIP's pooled text, (B, pooled_projection_dim), float32
   * @param timestep (B), float32, 0 (image) to 1000 (noise)
   * @param guidance (B), float32; without effect where the model has no guidance embedding
   * @param rotary angles of the L text tokens and then the S image tokens
   */
  public record Shown(
      NativeTensor latents,
      NativeTensor t5Hidden,
      NativeTensor pooled,
      NativeTensor timestep,
      NativeTensor guidance,
      Rotary rotary) {}

  /**
   * What a batch gave.
   *
   * @param losses the mean squared distance of each picture, (B), float32
   * @param t5Hidden the gradient by {@link Shown#t5Hidden}
   * @param pooled the gradient by {@link Shown#pooled}
   */
  public record Result(NativeTensor losses, NativeTensor t5Hidden, NativeTensor pooled) {}

  private static Method loss(TransformerProgram programs, TransformerConfig config, DataType type) {
    Method m = programs.program.method("loss");
    Weights w = m.adaptableWeights("w", type);
    Dim pairs = Dim.of(config.attentionHeadDim() / 2);
    Tensor latents = m.input("latents", FLOAT32, B, S, Dim.of(config.inChannels())); // (B, S, C)
    Tensor t5Hidden =
        m.input("t5_hidden", FLOAT32, B, L, Dim.of(config.jointAttentionDim())); // (B, L, Dt5)
    Tensor pooled =
        m.input("pooled", FLOAT32, B, Dim.of(config.pooledProjectionDim())); // (B, Dclip)
    Tensor timestep = m.input("timestep", FLOAT32, B); // (B)
    Tensor guidance = m.input("guidance", FLOAT32, B); // (B)
    Tensor pe = m.input("pe", FLOAT32, L.plus(S), pairs, Dim.of(2)); // (L + S, d/2, 2)
    Tensor target = m.input("target", FLOAT32, B, A, Dim.of(config.outChannels())); // (B, A, C)
    Tensor txt = m.call(programs.embedText, w, t5Hidden).get(0); // (B, L, D)
    Tensor prediction =
        m.call(
                programs.velocity,
                w,
                latents,
                txt,
                pooled,
                timestep,
                guidance,
                pe,
                m.layers("double_blocks"),
                m.layers("single_blocks"))
            .get(0); // (B, S, C)
    return m.returns(m.call(distance(programs, config), prediction, target).get(0)); // (B)
  }

  /**
   * Adds the gradients of the weighted losses of some pictures.
   *
   * @param weights of the transformer, under their checkpoint names; also low-rank factors, as
   *     {@code LAYER.lora_A} and {@code LAYER.lora_B}
   * @param sums of the gradients of those that are trained
   * @param target what should be predicted of the first A image tokens, (B, A, out_channels),
   *     float32
   * @param counts by how much the loss of each picture counts, (B)
   */
  public Result gradients(
      TensorScope owner,
      List<Parameters> weights,
      Parameters sums,
      Shown shown,
      NativeTensor target,
      float[] counts) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      List<NativeTensor> results =
          loaded.run(
              owner,
              gradient,
              weights,
              sums,
              Map.of(
                  "latents", shown.latents(),
                  "t5_hidden", shown.t5Hidden(),
                  "pooled", shown.pooled(),
                  "timestep", shown.timestep(),
                  "guidance", shown.guidance(),
                  "pe", shown.rotary().pe(),
                  "target", target),
              List.of(temporary.floats(counts, counts.length)));
      return new Result(results.get(0), results.get(1), results.get(2));
    }
  }

  @Override
  public void close() {
    loaded.close();
  }
}
