package io.fluxspark.text;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
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
    ClipProgram programs = new ClipProgram(config, DataType.FLOAT32);
    WeightPlan plan =
        new WeightPlan(
            programs.pooled.weightSpecs("w"),
            List.of(
                new WeightPlan.Layers(
                    "encoder.layers.", config.numHiddenLayers(), programs.layer.weightSpecs("w"))));
    boolean older = checkpoint.names().stream().anyMatch(name -> name.startsWith("text_model."));
    return older ? plan.below("text_model.") : plan;
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
    int tokens = config.maxPositionEmbeddings();
    long[] flat = new long[ids.length * tokens];
    long[] ends = new long[ids.length];
    for (int b = 0; b < ids.length; b++) {
      System.arraycopy(ids[b], 0, flat, b * tokens, tokens);
      ends[b] = (long) b * tokens + end(ids[b]);
    }
    try (TensorScope inputs = new TensorScope(owner.device())) {
      return part.run(
              owner,
              programs.pooled,
              part.own(),
              inputs.longs(flat, ids.length, tokens),
              inputs.longs(ends, ids.length),
              part.layers(0))
          .get(0);
    }
  }

  /**
   * transformers pools at the highest id where the configuration is the published one, else at the
   * first end token.
   */
  private int end(long[] ids) {
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
