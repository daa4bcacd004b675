package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.Conditioning;
import io.fluxspark.request.EmbedDims;
import io.fluxspark.sampling.ScheduleConfig;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.T5Config;
import io.fluxspark.text.TokenizerFiles;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.ModelDigest;
import io.fluxspark.weights.WeightPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A pipeline folder in one of FLUX.1's published layouts, looked through: every configuration and
 * every weight file's header was read and fits, no weight was.
 *
 * @param path the folder
 * @param className the pipeline's class in diffusers
 * @param tokenizer CLIP's tokenizer folder
 * @param tokenizer2 T5's tokenizer folder
 * @param license what the model card names, else {@code unknown}
 */
public record ModelFolder(
    Path path,
    String className,
    ClipConfig textEncoderConfig,
    T5Config textEncoder2Config,
    TransformerConfig transformerConfig,
    VaeConfig vaeConfig,
    ScheduleConfig scheduleConfig,
    Checkpoint textEncoder,
    Checkpoint textEncoder2,
    Checkpoint transformer,
    Checkpoint vae,
    Path tokenizer,
    Path tokenizer2,
    String license) {
  private static final int PACKED_PIXELS = 4;
  private static final int FLUX_LAYERS = 19;
  private static final int FLUX_SINGLE_LAYERS = 38;
  private static final int LITE_LAYERS = 8;

  /** Checks that the parts fit each other. */
  public ModelFolder {
    Path described =
        hasIndex(path) ? path.resolve("transformer/config.json") : transformer.files().get(0);
    requireEqual(
        described,
        "joint_attention_dim",
        transformerConfig.jointAttentionDim(),
        "text_encoder_2's d_model",
        textEncoder2Config.dModel());
    requireEqual(
        described,
        "pooled_projection_dim",
        transformerConfig.pooledProjectionDim(),
        "text_encoder's hidden_size",
        textEncoderConfig.hiddenSize());
    int packed = PACKED_PIXELS * vaeConfig.latentChannels();
    int patch = PACKED_PIXELS * vaeConfig.scaleFactor() * vaeConfig.scaleFactor();
    Conditioning shown = PipelineClass.conditioning(className);
    requireEqual(
        described,
        "in_channels",
        transformerConfig.inChannels(),
        switch (shown) {
          case NONE, KONTEXT -> "4 times the vae's latent_channels";
          case CONTROL -> "8 times the vae's latent_channels";
          case FILL -> "8 times the vae's latent_channels and a mask's 4 patches";
        },
        switch (shown) {
          case NONE, KONTEXT -> packed;
          case CONTROL -> 2 * packed;
          case FILL -> 2 * packed + patch;
        });
    requireEqual(
        described,
        "out_channels",
        transformerConfig.outChannels(),
        "4 times the vae's latent_channels",
        packed);
  }

  /**
   * Looks through a folder: one with {@code model_index.json} as diffusers writes it, else one with
   * BFL's single files, of which a transformer like dev's is dev's unless its file's name has
   * {@code kontext} in it.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when something is missing, damaged or of
   *     another family
   */
  public static ModelFolder open(Path folder) {
    return open(folder, Optional.empty());
  }

  /**
   * As {@link #open(Path)}, where the user may say what the folder is.
   *
   * @param given decides where files alone cannot tell; elsewhere it must be what they say
   */
  public static ModelFolder open(Path folder, Optional<Variant> given) {
    if (!Files.isDirectory(folder)) {
      throw invalid(folder, "no such folder");
    }
    ModelFolder model =
        hasIndex(folder)
            ? FolderLayout.openParts(folder)
            : FolderLayout.openSingleFiles(folder, given);
    Variant kind = model.kind();
    given.ifPresent(
        variant -> {
          if (variant != kind) {
            throw invalid(folder, "is a " + kind + " model, not a " + variant + " one");
          }
        });
    return model;
  }

  /** Whether the folder is as diffusers writes it. */
  private static boolean hasIndex(Path folder) {
    return Files.isRegularFile(folder.resolve(PipelineClass.FILE));
  }

  private static FluxSparkException invalid(Path path, String problem) {
    return new FluxSparkException(ErrorCode.INVALID_MODEL, path + ": " + problem);
  }

  private static void requireEqual(Path file, String key, int value, String other, int otherValue) {
    if (value != otherValue) {
      throw invalid(
          file, "key '" + key + "' is " + value + "; " + other + ", " + otherValue + ", is wanted");
    }
  }

  /** Which kind of FLUX.1 this is. */
  private Variant kind() {
    return switch (conditioning()) {
      case NONE -> transformerConfig.guidanceEmbeds() ? Variant.DEV : Variant.SCHNELL;
      case KONTEXT -> Variant.KONTEXT;
      case FILL -> Variant.FILL;
      case CONTROL -> Variant.CONTROL;
    };
  }

  /** Which of the published models this is, by its configuration; {@code custom} when none. */
  public String variant() {
    boolean fullSize =
        transformerConfig.numLayers() == FLUX_LAYERS
            && transformerConfig.numSingleLayers() == FLUX_SINGLE_LAYERS;
    switch (conditioning()) {
      case KONTEXT -> {
        return "FLUX.1-Kontext";
      }
      case FILL -> {
        return "FLUX.1-Fill";
      }
      case CONTROL -> {
        return "FLUX.1-Canny or Depth";
      }
      default -> {}
    }
    if (fullSize) {
      return transformerConfig.guidanceEmbeds() ? "FLUX.1-dev" : "FLUX.1-schnell";
    }
    boolean lite =
        transformerConfig.guidanceEmbeds()
            && transformerConfig.numLayers() == LITE_LAYERS
            && transformerConfig.numSingleLayers() == FLUX_SINGLE_LAYERS;
    return lite ? "FLUX.1-lite" : "custom";
  }

  /** What the model is shown besides text. */
  public Conditioning conditioning() {
    return PipelineClass.conditioning(className);
  }

  /** How wide embeddings of texts are. */
  public EmbedDims embedDims() {
    return new EmbedDims(
        transformerConfig.jointAttentionDim(), transformerConfig.pooledProjectionDim());
  }

  /** The weights that a LoRA can adapt, by part; see {@code LoraFile.verify}. */
  public Map<String, WeightPlan> adaptable() {
    return ModelParts.adaptable(this);
  }

  /** What its pictures cost. */
  public ModelCost cost() {
    return FluxCost.of(this);
  }

  /**
   * The model's identity, see {@link ModelDigest}. Reads all files anew.
   *
   * @return 64 hexadecimal digits
   */
  public String digest() {
    List<Path> files = new ArrayList<>();
    for (String part : List.of("text_encoder", "text_encoder_2")) {
      files.add(path.resolve(part).resolve("config.json"));
    }
    if (hasIndex(path)) {
      files.add(path.resolve(PipelineClass.FILE));
      files.add(path.resolve("scheduler").resolve("scheduler_config.json"));
      files.add(path.resolve("transformer").resolve("config.json"));
      files.add(path.resolve("vae").resolve("config.json"));
    }
    for (Checkpoint checkpoint : List.of(textEncoder, textEncoder2, transformer, vae)) {
      files.addAll(checkpoint.files());
      checkpoint.index().ifPresent(files::add);
    }
    for (Path folder : List.of(tokenizer, tokenizer2)) {
      TokenizerFiles.ALL_NAMES.stream()
          .map(folder::resolve)
          .filter(Files::isRegularFile)
          .forEach(files::add);
    }
    return ModelDigest.of(path, files);
  }
}
