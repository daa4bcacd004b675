package io.fluxspark.training;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.T5Config;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.JsonFiles;
import io.fluxspark.weights.SafetensorsFile;
import io.fluxspark.weights.StoredType;
import io.fluxspark.weights.WeightPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
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
   * Makes a model with first weights.
   *
   * @param configuration a pipeline folder without weights: all configurations and tokenizers
   * @param target made, with everything in it
   * @param seed decides the weights
   * @throws FluxSparkException {@code INVALID_MODEL} where a configuration is wrong
   */
  public static void create(Path configuration, Path target, long seed) {
    Map<String, WeightPlan> plans = new LinkedHashMap<>();
    plans.put(
        "text_encoder",
        ClipTextEncoder.plan(ClipConfig.read(configuration.resolve("text_encoder"))));
    plans.put(
        "text_encoder_2", T5Encoder.plan(T5Config.read(configuration.resolve("text_encoder_2"))));
    plans.put(
        "transformer",
        Transformer.plan(TransformerConfig.read(configuration.resolve("transformer"))));
    plans.put("vae", Vae.plan(VaeConfig.read(configuration.resolve("vae"))));
    try {
      copy(configuration, target, Set.of());
      for (Map.Entry<String, WeightPlan> plan : plans.entrySet()) {
        writeFirst(target, plan.getKey(), plan.getValue(), seed);
      }
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  private static void writeFirst(Path target, String part, WeightPlan plan, long seed)
      throws IOException {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      Map<String, NativeTensor> weights = new TreeMap<>();
      for (WeightSpec spec : plan.all()) {
        weights.put(
            storedName(part, spec.name()),
            scope.floats(
                InitialWeights.of(part, spec, seed),
                spec.shape().stream().mapToLong(Long::longValue).toArray()));
      }
      SafetensorsFile.write(target.resolve(weightsFile(part)), weights, StoredType.F32, FORMAT);
    }
  }

  /**
   * Makes a model that has another one's autoencoder and text encoders, and a transformer with
   * first weights.
   *
   * @param target made, with everything in it
   * @param seed decides the weights
   */
  public static void withNewTransformer(ModelFolder base, Path target, long seed) {
    try {
      copy(base.path(), target, Set.of("transformer"));
      writeFirst(target, "transformer", Transformer.plan(base.transformerConfig()), seed);
    } catch (IOException e) {
      throw failed(target, e);
    }
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
    try {
      copy(base.path(), target, parts.keySet());
      for (Map.Entry<String, Parameters> part : parts.entrySet()) {
        Map<String, NativeTensor> stored = new TreeMap<>();
        part.getValue()
            .tensors()
            .forEach((name, tensor) -> stored.put(storedName(part.getKey(), name), tensor));
        SafetensorsFile.write(target.resolve(weightsFile(part.getKey())), stored, type, FORMAT);
      }
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /** Changes what the autoencoder's latents are shifted and scaled by. */
  static void setLatentScale(Path folder, LatentScale scale) {
    configure(
        folder,
        "vae",
        config -> {
          config.put("shift_factor", scale.shift());
          config.put("scaling_factor", scale.scale());
        });
  }

  /** Changes whether the transformer has a guidance embedding. */
  static void setGuidanceEmbeds(Path folder, boolean guidanceEmbeds) {
    configure(folder, "transformer", config -> config.put("guidance_embeds", guidanceEmbeds));
  }

  private static void configure(Path folder, String part, Consumer<ObjectNode> change) {
    Path file = folder.resolve(part).resolve("config.json");
    ObjectNode config = JsonFiles.readObject(file);
    change.accept(config);
    try {
      JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), config);
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Copies a folder, without the weights of some parts. */
  private static void copy(Path from, Path to, Set<String> without) throws IOException {
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
    }
  }

  private static FluxSparkException failed(Path target, IOException e) {
    return new FluxSparkException(
        ErrorCode.INVALID_OUTPUT, target + ": the model cannot be written: " + e, e);
  }
}
