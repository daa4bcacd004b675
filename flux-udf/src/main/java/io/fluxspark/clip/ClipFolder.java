package io.fluxspark.clip;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DataType;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.ClipTokenizer;
import io.fluxspark.text.TokenizerFiles;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.ConfigFile;
import io.fluxspark.weights.ModelDigest;
import io.fluxspark.weights.WeightPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder with a {@code CLIPModel} as transformers publishes it, looked through: {@code
 * config.json}, {@code preprocessor_config.json}, {@code model.safetensors} and the tokenizer's
 * files. No weight was read.
 *
 * @param path the folder, absolute
 */
public record ClipFolder(
    Path path,
    ClipConfig text,
    VisionConfig vision,
    int projectionDim,
    Preprocessing preprocessing,
    Checkpoint checkpoint) {
  private static final String CONFIG = "config.json";
  private static final int B32_PROJECTION = 512;

  /** Checks that the parts fit each other. */
  public ClipFolder {
    if (preprocessing.cropSize() != vision.imageSize()) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          path.resolve("preprocessor_config.json")
              + ": key 'crop_size' is "
              + preprocessing.cropSize()
              + "; vision_config's image_size, "
              + vision.imageSize()
              + ", is wanted");
    }
  }

  /**
   * Looks through a folder.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when something is missing, damaged or of
   *     another family
   */
  public static ClipFolder open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          folder
              + ": is no folder; one with the config.json of a CLIPModel is wanted, under the same"
              + " path on every executor");
    }
    Path real = real(folder);
    Sizes sizes = ConfigFile.read(real.resolve(CONFIG), Sizes::of);
    return new ClipFolder(
        real,
        sizes.text,
        sizes.vision,
        sizes.projectionDim,
        Preprocessing.read(real),
        Checkpoint.open(TokenizerFiles.requireClip(real), "model"));
  }

  private static Path real(Path folder) {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, folder + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private record Sizes(ClipConfig text, VisionConfig vision, int projectionDim) {
    static Sizes of(ConfigFile config) {
      config.requireOneOf("model_type", config.optionalString("model_type", ""), List.of("clip"));
      config.requireAbsent(
          "quantization_config", "is there; weights must be stored in floating point");
      int projectionDim = config.optionalInt("projection_dim", B32_PROJECTION);
      ConfigFile.checkAtLeast(1, "projection_dim", projectionDim);
      return new Sizes(
          ClipConfig.ofModel(config.requireObject("text_config")),
          VisionConfig.of(config.requireObject("vision_config")),
          projectionDim);
    }
  }

  /**
   * Checks, without reading a weight, what loading would find wrong: every weight must be there
   * with its shape and a type that is read, and the tokenizer must open.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} that names the first file, tensor or key that
   *     is wrong
   */
  public void verify() {
    ClipTextEncoder.plan(text, checkpoint).verify(checkpoint);
    plan().verify(checkpoint);
    try (ClipTokenizer tokenizer = ClipTokenizer.open(path)) {
      if (tokenizer.length() != text.maxPositionEmbeddings()) {
        throw new FluxSparkException(
            ErrorCode.INVALID_MODEL,
            path
                + ": the tokenizer's texts have "
                + tokenizer.length()
                + " tokens; text_config's max_position_embeddings, "
                + text.maxPositionEmbeddings()
                + ", are wanted");
      }
    }
  }

  VisionProgram programs() {
    return new VisionProgram(vision, text.hiddenSize(), projectionDim);
  }

  /** The weights of the picture encoder and of the projections. */
  WeightPlan plan() {
    VisionProgram programs = programs();
    return new WeightPlan(
        Stream.of(programs.image, programs.text)
            .flatMap(method -> method.weightSpecs("w").stream())
            .toList(),
        List.of(
            new WeightPlan.Layers(
                "vision_model.encoder.layers.",
                vision.numHiddenLayers(),
                programs.layer.weightSpecs("w"))));
  }

  /** In which it computes, whatever its weights are stored in. */
  public static DataType type() {
    return DataType.FLOAT32;
  }

  /**
   * The model's identity, see {@link ModelDigest}. Reads all files anew.
   *
   * @return 64 hexadecimal digits
   */
  public String digest() {
    List<Path> files = new ArrayList<>(checkpoint.files());
    checkpoint.index().ifPresent(files::add);
    Stream.concat(Stream.of(CONFIG, "preprocessor_config.json"), TokenizerFiles.ALL_NAMES.stream())
        .map(path::resolve)
        .filter(Files::isRegularFile)
        .forEach(files::add);
    return ModelDigest.of(path, files);
  }
}
