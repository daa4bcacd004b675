package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.sampling.ScheduleConfig;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.T5Config;
import io.fluxspark.text.TokenizerFiles;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The layouts that folders of FLUX.1 have. */
final class FolderLayout {
  private FolderLayout() {}

  /** A folder as diffusers writes it: {@code model_index.json} and a sub folder for each part. */
  static ModelFolder openParts(Path folder) {
    String className = PipelineClass.of(folder);
    Path transformer = part(folder, "transformer");
    Path vae = part(folder, "vae");
    return open(
        folder,
        className,
        TransformerConfig.read(transformer),
        VaeConfig.read(vae),
        ScheduleConfig.read(part(folder, "scheduler")),
        Checkpoint.open(transformer, "diffusion_pytorch_model"),
        Checkpoint.open(vae, "diffusion_pytorch_model"));
  }

  /**
   * A folder with BFL's single files beside the text encoders' sub folders.
   *
   * @param given what the user says that it is
   */
  static ModelFolder openSingleFiles(Path folder, Optional<Variant> given) {
    SingleFiles files =
        SingleFiles.find(folder)
            .orElseThrow(
                () ->
                    new FluxSparkException(
                        ErrorCode.INVALID_MODEL,
                        folder
                            + ": model_index.json is not there; the folder of a FLUX.1 pipeline as"
                            + " diffusers writes it, or one with BFL's single files, is wanted"));
    Checkpoint transformer = files.transformer().transformer();
    Checkpoint vae = files.autoencoder().autoencoder();
    TransformerConfig transformerConfig = TransformerConfig.of(transformer);
    VaeConfig vaeConfig = VaeConfig.of(vae);
    Variant variant = files.variant(transformerConfig, vaeConfig, given);
    return open(
        folder,
        variant.className(),
        transformerConfig,
        vaeConfig,
        variant == Variant.SCHNELL ? ScheduleConfig.schnell() : ScheduleConfig.dev(),
        transformer,
        vae);
  }

  /** With the text encoders, which every layout has in the same way. */
  private static ModelFolder open(
      Path folder,
      String className,
      TransformerConfig transformerConfig,
      VaeConfig vaeConfig,
      ScheduleConfig scheduleConfig,
      Checkpoint transformer,
      Checkpoint vae) {
    Path textEncoder = part(folder, "text_encoder");
    Path textEncoder2 = part(folder, "text_encoder_2");
    return new ModelFolder(
        folder,
        className,
        ClipConfig.read(textEncoder),
        T5Config.read(textEncoder2),
        transformerConfig,
        vaeConfig,
        scheduleConfig,
        Checkpoint.open(textEncoder, "model"),
        Checkpoint.open(textEncoder2, "model"),
        transformer,
        vae,
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
}
