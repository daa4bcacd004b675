package io.fluxspark.text;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.LowRank;
import io.fluxspark.weights.ModelPart;
import io.fluxspark.weights.WeightPlan;
import java.util.List;
import java.util.Map;

/**
 * CLIP-L's text encoder, whose pooled output modulates the transformer. Several threads may use it
 * at once.
 */
public final class ClipTextEncoder implements AutoCloseable {
  /**
   * The {@code eos_token_id} of CLIP's published configuration, which is not the id of the token
   * that ends texts.
   */
  private static final int PUBLISHED_EOS = 2;

  private final ClipConfig config;
  private final ClipProgram programs;
  private final ModelPart part;

  private ClipTextEncoder(ClipConfig config, ClipProgram programs, ModelPart part) {
    this.config = config;
    this.programs = programs;
    this.part = part;
  }

  /**
   * Loads the weights.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} where the checkpoint does
   *     not fit the configuration
   */
  public static ClipTextEncoder load(
      ClipConfig config, Checkpoint checkpoint, Device device, DataType type) {
    ClipProgram programs = new ClipProgram(config, type);
    ModelPart part =
        ModelPart.load(programs.program, plan(config, checkpoint), checkpoint, device, type);
    return new ClipTextEncoder(config, programs, part);
  }

  /**
   * The weights of this configuration; older checkpoints have all names below {@code text_model.}.
   */
  public static WeightPlan plan(ClipConfig config, Checkpoint checkpoint) {
    boolean older = checkpoint.names().stream().anyMatch(name -> name.startsWith("text_model."));
    return older ? plan(config).below("text_model.") : plan(config);
  }

  /** The weights of this configuration, under the names that the programs have for them. */
  public static WeightPlan plan(ClipConfig config) {
    ClipProgram programs = new ClipProgram(config, DataType.FLOAT32);
    return new WeightPlan(
        programs.pooled.weightSpecs("w"),
        List.of(
            new WeightPlan.Layers(
                "encoder.layers.", config.numHiddenLayers(), programs.layer.weightSpecs("w"))));
  }

  /**
   * An encoder in float32 whose weights may change.
   *
   * @param weights under the programs' names; they must stay open as long as the encoder
   */
  public static ClipTextEncoder of(ClipConfig config, Parameters weights) {
    ClipProgram programs = new ClipProgram(config, DataType.FLOAT32);
    return new ClipTextEncoder(
        config, programs, ModelPart.of(programs.program, plan(config), weights));
  }

  /** The programs that run an encoder of this configuration, to be read or written to a file. */
  public static Program program(ClipConfig config, DataType type) {
    return new ClipProgram(config, type).program;
  }

  /**
   * The pooled text: the last hidden state at the token that ends each text.
   *
   * @param ids from {@link ClipTokenizer}, (B, 77)
   * @return (B, D), float32
   */
  public NativeTensor pooled(TensorScope owner, long[][] ids) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      List<NativeTensor> inputs = inputs(temporary, config, ids);
      return part.run(
              owner, programs.pooled, part.own(), inputs.get(0), inputs.get(1), part.layers(0))
          .get(0);
    }
  }

  /** The tokens of texts, (B, 77), and in which rows of (B 77) the texts end, (B). */
  static List<NativeTensor> inputs(TensorScope owner, ClipConfig config, long[][] ids) {
    int tokens = config.maxPositionEmbeddings();
    long[] flat = new long[ids.length * tokens];
    long[] ends = new long[ids.length];
    for (int b = 0; b < ids.length; b++) {
      System.arraycopy(ids[b], 0, flat, b * tokens, tokens);
      ends[b] = (long) b * tokens + end(config, ids[b]);
    }
    return List.of(owner.longs(flat, ids.length, tokens), owner.longs(ends, ids.length));
  }

  /**
   * transformers pools at the highest id where the configuration is the published one, else at the
   * first end token.
   */
  private static int end(ClipConfig config, long[] ids) {
    int end = 0;
    for (int i = 0; i < ids.length; i++) {
      if (config.eosTokenId() == PUBLISHED_EOS) {
        end = ids[i] > ids[end] ? i : end;
      } else if (ids[i] == config.eosTokenId()) {
        return i;
      }
    }
    return end;
  }

  /**
   * This encoder with low-rank terms beside some layers. It shares this one's weights, which must
   * stay open as long as it is; closing it leaves them open.
   *
   * @param terms in {@link #type}, by the layers' names, see {@link ModelPart#adapted}
   */
  public ClipTextEncoder adapted(Map<String, LowRank> terms) {
    return new ClipTextEncoder(config, programs, part.adapted(terms));
  }

  /** In which it computes. */
  public DataType type() {
    return part.type();
  }

  @Override
  public void close() {
    part.close();
  }
}
