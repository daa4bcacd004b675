package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.SingleFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The transformer and the autoencoder of a folder in BFL's layout: safetensors files in the folder
 * itself, such as {@code flux1-dev.safetensors} and {@code ae.safetensors}, beside the folders of
 * the text encoders and tokenizers. What the files are is told by the names in them, not by theirs.
 */
record SingleFiles(SingleFile transformer, SingleFile autoencoder) {
  /** What only the files of another family have; the first that fits counts. */
  private static final List<Map.Entry<Pattern, String>> FAMILIES =
      List.of(
          family(
              "single_stream_modulation\\.lin\\..*"
                  + "|single_transformer_blocks\\.0\\.attn\\.to_qkv_mlp_proj\\..*",
              "a FLUX.2"),
          family("distilled_guidance_layer\\..*", "a Chroma"),
          family("conditioner\\.embedders\\..*|label_emb\\.0\\.0\\..*", "an SDXL"),
          family("joint_blocks\\.0\\..*", "a Stable Diffusion 3"),
          family("cond_stage_model\\..*|input_blocks\\.0\\..*", "a Stable Diffusion"),
          family("transformer_blocks\\.0\\.img_mod\\.1\\..*", "a Qwen-Image"));

  private static Map.Entry<Pattern, String> family(String names, String family) {
    return Map.entry(Pattern.compile("(?:model\\.diffusion_model\\.)?(?:" + names + ")"), family);
  }

  /**
   * Finds the two files of a folder.
   *
   * @return empty where the folder has no safetensors file of its own
   * @throws FluxSparkException {@code INVALID_MODEL} when there is not one of each, or a file is
   *     damaged; a file of another family is named
   */
  static Optional<SingleFiles> find(Path folder) {
    List<SingleFile> files = new ArrayList<>();
    for (Path file : safetensors(folder)) {
      files.add(SingleFile.open(file));
    }
    if (files.isEmpty()) {
      return Optional.empty();
    }
    List<SingleFile> ours = files.stream().filter(file -> family(file).isEmpty()).toList();
    if (ours.stream().noneMatch(SingleFile::hasTransformer)) {
      files.forEach(SingleFiles::refuseOtherFamily);
    }
    return Optional.of(
        new SingleFiles(
            only(folder, ours, SingleFile::hasTransformer, "transformer", "flux1-dev.safetensors"),
            only(folder, ours, SingleFile::hasAutoencoder, "autoencoder", "ae.safetensors")));
  }

  private static List<Path> safetensors(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".safetensors"))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new FluxSparkException(ErrorCode.INPUT_OUTPUT, folder + ": cannot be read: " + e, e);
    }
  }

  private static SingleFile only(
      Path folder, List<SingleFile> files, Predicate<SingleFile> has, String what, String example) {
    List<SingleFile> found = files.stream().filter(has).toList();
    if (found.size() == 1) {
      return found.get(0);
    }
    throw new FluxSparkException(
        ErrorCode.INVALID_MODEL,
        folder
            + ": "
            + (found.isEmpty()
                ? "neither model_index.json nor a file with FLUX.1's "
                    + what
                    + ", such as "
                    + example
                    + ", is there"
                : "one file with FLUX.1's "
                    + what
                    + " is wanted; there are "
                    + found.stream()
                        .map(file -> file.path().getFileName().toString())
                        .collect(Collectors.joining(", "))));
  }

  private static void refuseOtherFamily(SingleFile file) {
    family(file)
        .ifPresent(
            family -> {
              throw new FluxSparkException(
                  ErrorCode.INVALID_MODEL,
                  file.path() + ": this is " + family + " model; one of FLUX.1 is wanted");
            });
  }

  private static Optional<String> family(SingleFile file) {
    return FAMILIES.stream()
        .filter(
            family ->
                file.names().stream().anyMatch(name -> family.getKey().matcher(name).matches()))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /**
   * What the transformer's sizes say that it is. dev and Kontext are alike: where the file's name
   * has {@code kontext} in it, it is taken for that.
   *
   * @param given what the user says that it is
   */
  Variant variant(TransformerConfig transformer, VaeConfig vae, Optional<Variant> given) {
    int packed = 4 * vae.latentChannels();
    if (transformer.inChannels() == 2 * packed) {
      return Variant.CONTROL;
    }
    if (transformer.inChannels() > 2 * packed) {
      return Variant.FILL;
    }
    if (!transformer.guidanceEmbeds()) {
      return Variant.SCHNELL;
    }
    return given
        .filter(variant -> variant == Variant.DEV || variant == Variant.KONTEXT)
        .orElse(isCalledKontext() ? Variant.KONTEXT : Variant.DEV);
  }

  private boolean isCalledKontext() {
    String name = transformer.path().getFileName().toString();
    return name.toLowerCase(Locale.ROOT).contains("kontext");
  }
}
