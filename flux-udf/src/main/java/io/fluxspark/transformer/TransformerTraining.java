package io.fluxspark.transformer;

import static io.fluxspark.program.DataType.FLOAT32;

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

/**
 * The gradients of the squared distance between what FLUX.1's transformer predicts and what it
 * should. What that is, a velocity, another model's output or noise, is the caller's to say.
 * Several threads may use it at once.
 */
public final class TransformerTraining implements AutoCloseable {
  private static final Dim B = Dim.named("B");
  private static final Dim S = Dim.named("S");
  private static final Dim L = Dim.named("L");

  private final LoadedProgram loaded;
  private final Gradient gradient;

  private TransformerTraining(
      TransformerConfig config, Device device, DataType type, double lowRankFactor) {
    TransformerProgram programs = new TransformerProgram(config, type, WeightStorage.AS_COMPUTED);
    programs.program.multiplyLowRank(lowRankFactor);
    this.gradient =
        programs.program.gradient(
            loss(programs, config, type),
            List.of(
                new Gradient.Stack("double_blocks", "transformer_blocks.", config.numLayers()),
                new Gradient.Stack(
                    "single_blocks", "single_transformer_blocks.", config.numSingleLayers())),
            "t5_hidden",
            "pooled");
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
    return new TransformerTraining(config, device, type, lowRankFactor);
  }

  /**
   * What the transformer is shown.
   *
   * @param latents packed, (B, S, in_channels), float32
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
    Tensor cos = m.input("cos", FLOAT32, L.plus(S), pairs); // (L + S, d/2)
    Tensor sin = m.input("sin", FLOAT32, L.plus(S), pairs); // (L + S, d/2)
    Tensor target = m.input("target", FLOAT32, B, S, Dim.of(config.outChannels())); // (B, S, C)
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
                cos,
                sin,
                m.layers("double_blocks"),
                m.layers("single_blocks"))
            .get(0); // (B, S, C)
    return m.returns(prediction.subtract(target).square().meanOfEach()); // (B)
  }

  /**
   * Adds the gradients of the weighted losses of some pictures.
   *
   * @param weights of the transformer, under their checkpoint names; also low-rank factors, as
   *     {@code LAYER.lora_A} and {@code LAYER.lora_B}
   * @param sums of the gradients of those that are trained
   * @param target what should be predicted, (B, S, out_channels), float32
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
              List.of(
                  shown.latents(),
                  shown.t5Hidden(),
                  shown.pooled(),
                  shown.timestep(),
                  shown.guidance(),
                  shown.rotary().cos(),
                  shown.rotary().sin(),
                  target),
              List.of(temporary.floats(counts, counts.length)));
      return new Result(results.get(0), results.get(1), results.get(2));
    }
  }

  @Override
  public void close() {
    loaded.close();
  }
}
