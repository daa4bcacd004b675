package io.fluxspark.text;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Gradient;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import java.util.List;
import java.util.Map;

/** The gradients of CLIP's text encoder, in float32. Several threads may use it at once. */
public final class ClipTraining implements AutoCloseable {
  private final ClipConfig config;
  private final LoadedProgram loaded;
  private final Gradient gradient;

  private ClipTraining(ClipConfig config, Device device) {
    ClipProgram programs = new ClipProgram(config, DataType.FLOAT32);
    this.config = config;
    this.gradient =
        programs.program.gradient(
            programs.pooled,
            List.of(new Gradient.Stack("layers", "encoder.layers.", config.numHiddenLayers())));
    this.loaded = LoadedProgram.load(programs.program, device);
  }

  /** Compiles the programs. */
  public static ClipTraining load(ClipConfig config, Device device) {
    return new ClipTraining(config, device);
  }

  /**
   * Adds the gradients of the weights.
   *
   * @param weights under the programs' names, see {@link ClipTextEncoder#plan(ClipConfig)}
   * @param sums of their gradients
   * @param ids from {@link ClipTokenizer}, (B, 77)
   * @param pooled the gradient of what {@link ClipTextEncoder#pooled} gives, (B, D), float32
   */
  public void gradients(Parameters weights, Parameters sums, long[][] ids, NativeTensor pooled) {
    try (TensorScope temporary = new TensorScope(weights.device())) {
      List<NativeTensor> inputs = ClipTextEncoder.inputs(temporary, config, ids);
      loaded.run(
          temporary,
          gradient,
          List.of(weights),
          sums,
          Map.of("ids", inputs.get(0), "ends", inputs.get(1)),
          List.of(pooled));
    }
  }

  @Override
  public void close() {
    loaded.close();
  }
}
