package io.fluxspark.weights;

import io.fluxspark.program.Argument;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeLayers;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.NativeWeights;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorFile;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Programs and the weights that they run with, in native memory. Weights that keep their stored
 * type on the CPU are the checkpoint's own pages.
 */
public final class ModelPart implements AutoCloseable {
  private final LoadedProgram program;
  private final TensorScope scope;
  private NativeWeights own;
  private final List<NativeLayers> layers = new ArrayList<>();

  private ModelPart(LoadedProgram program, Device device) {
    this.program = program;
    this.scope = new TensorScope(device);
  }

  /**
   * Compiles the programs and brings the weights to the device.
   *
   * @param type in which the weights are computed with
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} for a weight that is
   *     missing, has another shape or a type that is not read
   */
  public static ModelPart load(
      Program program, WeightPlan plan, Checkpoint checkpoint, Device device, DataType type) {
    ModelPart part = new ModelPart(LoadedProgram.load(program, device), device);
    try (Loader loader = new Loader(checkpoint, part.scope, type)) {
      part.own = loader.load("", plan.own());
      for (WeightPlan.Layers stack : plan.layers()) {
        List<NativeWeights> each = new ArrayList<>();
        for (int i = 0; i < stack.count(); i++) {
          each.add(loader.load(stack.prefix(i), stack.specs()));
        }
        part.layers.add(part.scope.layers(each));
      }
      return part;
    } catch (RuntimeException | Error e) {
      part.close();
      throw e;
    }
  }

  /** Weights outside of any layer, see {@link WeightPlan#own}. */
  public NativeWeights own() {
    return own;
  }

  /** A stack of layers, in the order of {@link WeightPlan#layers}. */
  public NativeLayers layers(int stack) {
    return layers.get(stack);
  }

  /** See {@link LoadedProgram#run}. */
  public List<NativeTensor> run(TensorScope owner, Method method, Argument... arguments) {
    return program.run(owner, method, arguments);
  }

  @Override
  public void close() {
    scope.close();
    program.close();
  }

  private static final class Loader implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final TensorScope scope;
    private final DataType type;
    private final Map<Path, TensorFile> files = new HashMap<>();

    Loader(Checkpoint checkpoint, TensorScope scope, DataType type) {
      this.checkpoint = checkpoint;
      this.scope = scope;
      this.type = type;
    }

    NativeWeights load(String prefix, List<WeightSpec> specs) {
      try (TensorScope temporary = new TensorScope(scope.device())) {
        Map<String, NativeTensor> byName = new HashMap<>();
        for (WeightSpec spec : specs) {
          TensorEntry entry = checkpoint.require(prefix + spec.name(), spec.shape());
          TensorFile file = files.computeIfAbsent(entry.file(), TensorFile::new);
          byName.put(
              spec.name(),
              file.tensor(temporary, entry.dataType(), entry.offset(), entry.shape(), type));
        }
        return scope.weights(byName);
      }
    }

    @Override
    public void close() {
      files.values().forEach(TensorFile::close);
    }
  }
}
