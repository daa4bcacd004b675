package io.fluxspark.pipeline;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.weights.JsonFiles;
import io.fluxspark.weights.SafetensorsFile;
import io.fluxspark.weights.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Writes pipeline folders in the published layout. */
public final class ModelWriter {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Map<String, String> FORMAT = Map.of("format", "pt");

  private ModelWriter() {}

  /** Where a part's weights are in a pipeline folder. */
  private static String weightsFile(String part) {
    return part.startsWith("text_encoder")
        ? part + "/model.safetensors"
        : part + "/diffusion_pytorch_model.safetensors";
  }

  /** The name of a weight in a published folder, which every version of transformers reads. */
  private static String storedName(String part, String name) {
    return part.equals("text_encoder") ? "text_model." + name : name;
  }

  /**
   * Writes a model with some new weights.
   *
   * @param base whose other files are copied
   * @param target made, or what was there is replaced
   * @param parts new weights by the part's name, under the programs' names
   * @param type in which they are stored
   */
  public static void write(
      ModelFolder base, Path target, Map<String, Parameters> parts, StoredType type) {
    copy(base.path(), target, parts.keySet());
    parts.forEach((part, weights) -> writeWeights(target, part, weights.tensors(), type));
  }

  /**
   * Writes the weights of a part.
   *
   * @param folder that has the part's configuration
   * @param weights float32, under the programs' names
   */
  public static void writeWeights(
      Path folder, String part, Map<String, NativeTensor> weights, StoredType type) {
    Map<String, NativeTensor> stored = new TreeMap<>();
    weights.forEach((name, tensor) -> stored.put(storedName(part, name), tensor));
    try {
      SafetensorsFile.write(folder.resolve(weightsFile(part)), stored, type, FORMAT);
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /**
   * Changes a part's configuration.
   *
   * @param folder that has it
   */
  public static void configure(Path folder, String part, Consumer<ObjectNode> change) {
    Path file = folder.resolve(part).resolve("config.json");
    ObjectNode config = JsonFiles.readObject(file);
    change.accept(config);
    try {
      JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), config);
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Copies a folder, without the weights of some parts; what was there is replaced. */
  public static void copy(Path from, Path to, Set<String> without) {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Path relative = from.relativize(path);
        String name = relative.getFileName().toString();
        boolean isLeftOut =
            without.contains(relative.getName(0).toString())
                && (name.endsWith(".safetensors") || name.endsWith(".safetensors.index.json"));
        Path target = to.resolve(relative.toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else if (!isLeftOut) {
          Files.copy(path, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    } catch (IOException e) {
      throw failed(to, e);
    }
  }

  private static FluxSparkException failed(Path target, IOException e) {
    return new FluxSparkException(
        ErrorCode.INVALID_OUTPUT, target + ": the model cannot be written: " + e, e);
  }
}
