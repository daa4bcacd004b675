package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.Conditioning;
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

/**
 * A pipeline folder in FLUX.1's published layout, looked through: every configuration and every
 * weight file's header was read and fits, no weight was.
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
    requireEqual(
        path,
        "transformer",
        "joint_attention_dim",
        transformerConfig.jointAttentionDim(),
        "text_encoder_2's d_model",
        textEncoder2Config.dModel());
    requireEqual(
        path,
        "transformer",
        "pooled_projection_dim",
        transformerConfig.pooledProjectionDim(),
        "text_encoder's hidden_size",
        textEncoderConfig.hiddenSize());
    int packed = PACKED_PIXELS * vaeConfig.latentChannels();
    int patch = PACKED_PIXELS * vaeConfig.scaleFactor() * vaeConfig.scaleFactor();
    Conditioning shown = PipelineClass.conditioning(className);
    requireEqual(
        path,
        "transformer",
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
        path,
        "transformer",
        "out_channels",
        transformerConfig.outChannels(),
        "4 times the vae's latent_channels",
        packed);
  }

  /**
   * Looks through a folder.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when something is missing, damaged or of
   *     another family
   */
  public static ModelFolder open(Path folder) {
    String className = PipelineClass.of(folder);
    Path textEncoder = part(folder, "text_encoder");
    Path textEncoder2 = part(folder, "text_encoder_2");
    Path transformer = part(folder, "transformer");
    Path vae = part(folder, "vae");
    return new ModelFolder(
        folder,
        className,
        ClipConfig.read(textEncoder),
        T5Config.read(textEncoder2),
        TransformerConfig.read(transformer),
        VaeConfig.read(vae),
        ScheduleConfig.read(part(folder, "scheduler")),
        Checkpoint.open(textEncoder, "model"),
        Checkpoint.open(textEncoder2, "model"),
        Checkpoint.open(transformer, "diffusion_pytorch_model"),
        Checkpoint.open(vae, "diffusion_pytorch_model"),
        TokenizerFiles.requireClip(part(folder, "tokenizer")),
        TokenizerFiles.requireT5(part(folder, "tokenizer_2")),
        License.of(folder));
  }

  private static Path part(Path folder, String name) {
    Path part = folder.resolve(name);
    if (!Files.isDirectory(part)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL, folder + ": sub folder " + name + " is not there");
    }
    return part;
  }

  private static void requireEqual(
      Path folder, String part, String key, int value, String other, int otherValue) {
    if (value != otherValue) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          folder.resolve(part).resolve("config.json")
              + ": key '"
              + key
              + "' is "
              + value
              + "; "
              + other
              + ", "
              + otherValue
              + ", is wanted");
    }
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
    List<Path> files = new ArrayList<>(List.of(path.resolve("model_index.json")));
    files.add(path.resolve("scheduler").resolve("scheduler_config.json"));
    for (String part : List.of("text_encoder", "text_encoder_2", "transformer", "vae")) {
      files.add(path.resolve(part).resolve("config.json"));
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
