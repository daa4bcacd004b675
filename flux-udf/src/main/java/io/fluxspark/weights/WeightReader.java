package io.fluxspark.weights;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorFile;
import io.fluxspark.program.TensorLists;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads a checkpoint's weights. Used by one thread. */
public final class WeightReader implements AutoCloseable {
  private final Map<Path, TensorFile> files = new HashMap<>();
  private final TensorLists lists;

  WeightReader(Device device) {
    this.lists = new TensorLists(device);
  }

  /**
   * Copies of all weights that a plan names.
   *
   * @param type that they get
   * @return under their full names in the programs
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} for a weight that is
   *     missing, has another shape or a type that is not read
   */
  public static Parameters parameters(
      WeightPlan plan, Checkpoint checkpoint, Device device, DataType type) {
    Map<String, NativeTensor> read = new TreeMap<>();
    try (WeightReader reader = new WeightReader(device);
        TensorScope temporary = new TensorScope(device)) {
      for (WeightSpec spec : plan.all()) {
        StoredWeight weight = checkpoint.require(spec.name(), spec.shape());
        read.put(
            spec.name().substring(plan.prefix().length()), reader.read(temporary, weight, type));
      }
      return Parameters.copyOf(device, read);
    }
  }

  /**
   * Gives tensors the numbers that a file has for them.
   *
   * @param prefix what stands in front of their names in the file
   * @param tensors float32, changed in place
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} where the file is damaged
   *     or lacks one of them
   */
  public static void restore(Path file, String prefix, Parameters tensors) {
    Map<String, TensorEntry> entries = new HashMap<>();
    SafetensorsHeader.read(file).tensors().forEach(entry -> entries.put(entry.name(), entry));
    try (WeightReader reader = new WeightReader(tensors.device())) {
      for (String name : tensors.names()) {
        TensorEntry entry = entries.get(prefix + name);
        if (entry == null) {
          throw new FluxSparkException(
              ErrorCode.INVALID_MODEL, file + ": there is no tensor " + prefix + name);
        }
        try (TensorScope temporary = new TensorScope(tensors.device())) {
          tensors.set(name, reader.read(temporary, entry, DataType.FLOAT32));
        }
      }
    }
  }

  /** A weight in the type of the computation. */
  NativeTensor read(TensorScope owner, StoredWeight weight, DataType type) {
    if (weight.isOneTensor()) {
      return read(owner, weight.parts().get(0), type);
    }
    DataType exact = weight.scale().isPresent() ? DataType.FLOAT32 : type;
    List<NativeTensor> parts =
        weight.parts().stream().map(part -> read(owner, part, exact)).toList();
    double scale =
        weight
            .scale()
            .map(tensor -> (double) read(owner, tensor, DataType.FLOAT32).toFloats()[0])
            .orElse(1.0);
    return lists.joined(owner, parts, 0, scale, type);
  }

  /** The first tensor of a weight, as the file has it. */
  NativeTensor readAsStored(TensorScope owner, StoredWeight weight) {
    return read(owner, weight.parts().get(0), weight.dataType());
  }

  /** A tensor of a file. */
  NativeTensor read(TensorScope owner, TensorEntry tensor, DataType wanted) {
    TensorFile file = files.computeIfAbsent(tensor.file(), TensorFile::new);
    return file.tensor(owner, tensor.dataType(), tensor.offset(), tensor.shape(), wanted);
  }

  @Override
  public void close() {
    files.values().forEach(TensorFile::close);
    lists.close();
  }
}
