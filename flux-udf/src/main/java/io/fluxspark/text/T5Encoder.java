package io.fluxspark.text;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.PeakMemory;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.LowRank;
import io.fluxspark.weights.ModelPart;
import io.fluxspark.weights.WeightPlan;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** T5's encoder, whose output is the transformer's text. Several threads may use it at once. */
public final class T5Encoder implements AutoCloseable {
  private final T5Config config;
  private final T5Program programs;
  private final ModelPart part;

  private T5Encoder(T5Config config, T5Program programs, ModelPart part) {
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
  public static T5Encoder load(
      T5Config config, Checkpoint checkpoint, Device device, DataType type) {
    T5Program programs = new T5Program(config, type);
    ModelPart part = ModelPart.load(programs.program, plan(config), checkpoint, device, type);
    return new T5Encoder(config, programs, part);
  }

  /**
   * As {@link #load}, with little of the device's memory: the blocks' weights stay in the host's,
   * in the type in which they are stored, and each is brought to the device when it is used.
   */
  public static T5Encoder loadOnHost(
      T5Config config, Checkpoint checkpoint, Device device, DataType type) {
    T5Program programs = new T5Program(config, type);
    ModelPart part =
        ModelPart.load(
            programs.program, plan(config), checkpoint, device, type, T5Encoder::isOfBlock);
    return new T5Encoder(config, programs, part);
  }

  private static boolean isOfBlock(String layerWeight) {
    return true;
  }

  /**
   * What {@link #loadOnHost} brings to the device for good.
   *
   * @param whole from {@link #plan}
   */
  public static WeightPlan planOnHost(WeightPlan whole) {
    return whole.without(T5Encoder::isOfBlock);
  }

  /**
   * The most memory of the device that {@link #encode} takes beside weights that are there for
   * good, reckoned from shapes.
   *
   * @param texts B
   * @param tokens L of each
   * @return bytes
   */
  public static long encodingBytes(T5Config config, DataType type, int texts, int tokens) {
    return PeakMemory.of(new T5Program(config, type).encode, sizes(texts, tokens));
  }

  /** As {@link #encodingBytes}, where it was loaded by {@link #loadOnHost}. */
  public static long encodingBytesOnHost(T5Config config, DataType type, int texts, int tokens) {
    return PeakMemory.ofBringing(new T5Program(config, type).encode, sizes(texts, tokens));
  }

  private static Map<String, Long> sizes(long texts, long tokens) {
    return Map.of("B", texts, "L", tokens);
  }

  /**
   * An encoder in float32 whose weights may change.
   *
   * @param weights under their checkpoint names; they must stay open as long as the encoder
   */
  public static T5Encoder of(T5Config config, Parameters weights) {
    T5Program programs = new T5Program(config, DataType.FLOAT32);
    return new T5Encoder(config, programs, ModelPart.of(programs.program, plan(config), weights));
  }

  /** The weights that an encoder of this configuration has. */
  public static WeightPlan plan(T5Config config) {
    T5Program programs = new T5Program(config, DataType.FLOAT32);
    return new WeightPlan(
        programs.encode.weightSpecs("w"),
        List.of(
            new WeightPlan.Layers(
                "encoder.block.", config.numLayers(), programs.block.weightSpecs("w"))));
  }

  /** The programs that run an encoder of this configuration, to be read or written to a file. */
  public static Program program(T5Config config, DataType type) {
    return new T5Program(config, type).program;
  }

  /**
   * The hidden state of every token, padding included: FLUX.1 masks none.
   *
   * @param ids from {@link T5Tokenizer}, (B, L)
   * @return (B, L, D), float32
   */
  public NativeTensor encode(TensorScope owner, long[][] ids) {
    int tokens = ids[0].length;
    long[] flat = Arrays.stream(ids).flatMapToLong(Arrays::stream).toArray();
    try (TensorScope inputs = new TensorScope(owner.device())) {
      return part.run(
              owner,
              programs.encode,
              part.own(),
              inputs.longs(flat, ids.length, tokens),
              inputs.longs(buckets(config, tokens), tokens, tokens),
              part.layers(0))
          .get(0);
    }
  }

  static long[] buckets(T5Config config, int tokens) {
    long[] buckets = new long[tokens * tokens];
    for (int query = 0; query < tokens; query++) {
      for (int key = 0; key < tokens; key++) {
        buckets[query * tokens + key] = bucket(config, key - query);
      }
    }
    return buckets;
  }

  /**
   * The bucket of a distance: half of them for keys behind the query; of each half, one a distance
   * for the near ones, then wider ones that grow with the logarithm. Computed in float32 as
   * transformers' {@code _relative_position_bucket}.
   */
  private static int bucket(T5Config config, int distance) {
    int half = config.relativeAttentionNumBuckets() / 2;
    int side = distance > 0 ? half : 0;
    int far = Math.abs(distance);
    int exact = half / 2;
    if (far < exact) {
      return side + far;
    }
    float scale =
        (float) Math.log((float) far / exact)
            / (float) Math.log((double) config.relativeAttentionMaxDistance() / exact);
    return side + Math.min(exact + (int) (scale * (half - exact)), half - 1);
  }

  /**
   * This encoder with low-rank terms beside some layers. It shares this one's weights, which must
   * stay open as long as it is; closing it leaves them open.
   *
   * @param terms in {@link #type}, by the layers' names, see {@link ModelPart#adapted}
   */
  public T5Encoder adapted(Map<String, LowRank> terms) {
    return new T5Encoder(config, programs, part.adapted(terms));
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
