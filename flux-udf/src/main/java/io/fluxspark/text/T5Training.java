package io.fluxspark.text;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Gradient;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The gradients of T5's encoder, in float32. Several threads may use it at once. */
public final class T5Training implements AutoCloseable {
  private final T5Config config;
  private final LoadedProgram loaded;
  private final Gradient gradient;

  private T5Training(T5Config config, Device device) {
    T5Program programs = new T5Program(config, DataType.FLOAT32);
    this.config = config;
    this.gradient =
        programs.program.gradient(
            programs.encode,
            List.of(new Gradient.Stack("blocks", "encoder.block.", config.numLayers())));
    this.loaded = LoadedProgram.load(programs.program, device);
  }

  /** Compiles the programs. */
  public static T5Training load(T5Config config, Device device) {
    return new T5Training(config, device);
  }

  /**
   * Adds the gradients of the weights.
   *
   * @param weights under their checkpoint names
   * @param sums of their gradients
   * @param ids from {@link T5Tokenizer}, (B, L)
   * @param hidden the gradient of what {@link T5Encoder#encode} gives, (B, L, D), float32
   */
  public void gradients(Parameters weights, Parameters sums, long[][] ids, NativeTensor hidden) {
    int tokens = ids[0].length;
    long[] flat = Arrays.stream(ids).flatMapToLong(Arrays::stream).toArray();
    try (TensorScope temporary = new TensorScope(weights.device())) {
      loaded.run(
          temporary,
          gradient,
          List.of(weights),
          sums,
          Map.of(
              "ids", temporary.longs(flat, ids.length, tokens),
              "buckets", temporary.longs(T5Encoder.buckets(config, tokens), tokens, tokens)),
          List.of(hidden));
    }
  }

  @Override
  public void close() {
    loaded.close();
  }
}
