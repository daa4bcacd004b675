package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.Conditioning;
import io.fluxspark.weights.ConfigFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code model_index.json} says of a folder: the pipeline's class and the classes of its
 * parts.
 */
final class PipelineClass {
  static final String FILE = "model_index.json";

  /** What is read, with what the model is shown. */
  private static final Map<String, Conditioning> CONDITIONING =
      Map.of(
          "FluxPipeline", Conditioning.NONE,
          "FluxImg2ImgPipeline", Conditioning.NONE,
          "FluxInpaintPipeline", Conditioning.NONE,
          "FluxKontextPipeline", Conditioning.KONTEXT,
          "FluxFillPipeline", Conditioning.FILL,
          "FluxControlPipeline", Conditioning.CONTROL);

  private static final List<String> READ = CONDITIONING.keySet().stream().sorted().toList();

  /** FLUX.1's siblings that are known and cannot be run yet. */
  private static final List<String> UNSUPPORTED =
      List.of(
          "FluxControlImg2ImgPipeline",
          "FluxControlInpaintPipeline",
          "FluxControlNetPipeline",
          "FluxPriorReduxPipeline",
          "FluxKontextInpaintPipeline");

  /** Each part's class; the tokenizers' classes are not looked at, their files decide. */
  private static final Map<String, String> PARTS =
      Map.of(
          "scheduler", "FlowMatchEulerDiscreteScheduler",
          "text_encoder", "CLIPTextModel",
          "text_encoder_2", "T5EncoderModel",
          "transformer", "FluxTransformer2DModel",
          "vae", "AutoencoderKL");

  /**
   * Families whose folders look alike, by the beginning of the class's name; longer beginnings
   * first.
   */
  private static final List<Map.Entry<String, String>> FAMILIES =
      List.of(
          Map.entry("StableDiffusionXL", "an SDXL"),
          Map.entry("StableDiffusion3", "a Stable Diffusion 3"),
          Map.entry("StableDiffusion", "a Stable Diffusion"),
          Map.entry("Flux2", "a FLUX.2"),
          Map.entry("QwenImage", "a Qwen-Image"),
          Map.entry("Chroma", "a Chroma"),
          Map.entry("PixArt", "a PixArt"),
          Map.entry("Sana", "a Sana"));

  private PipelineClass() {}

  /**
   * The class of the pipeline in a folder that has this file.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when it is none that can be read, naming what
   *     it is
   */
  static String of(Path folder) {
    ConfigFile config = ConfigFile.read(folder.resolve(FILE));
    String name = config.requireString("_class_name");
    refuseOtherFamily(folder, name);
    config.requireOneOf("_class_name", name, READ);
    new TreeMap<>(PARTS)
        .forEach(
            (part, wanted) -> config.requireOneOf(part, className(config, part), List.of(wanted)));
    return name;
  }

  /** What the model of a pipeline is shown besides text. */
  static Conditioning conditioning(String name) {
    return CONDITIONING.get(name);
  }

  private static String className(ConfigFile config, String part) {
    List<String> libraryAndClass = config.requireStrings(part);
    return libraryAndClass.isEmpty() ? "" : libraryAndClass.get(libraryAndClass.size() - 1);
  }

  private static void refuseOtherFamily(Path folder, String name) {
    String wanted = "; a FLUX.1 folder (one of " + String.join(", ", READ) + ") is wanted";
    for (Map.Entry<String, String> family : FAMILIES) {
      if (name.startsWith(family.getKey())) {
        throw invalid(folder, "this is " + family.getValue() + " pipeline" + wanted);
      }
    }
    if (UNSUPPORTED.contains(name)) {
      throw invalid(folder, name + " is not supported by this version" + wanted);
    }
  }

  private static FluxSparkException invalid(Path folder, String problem) {
    return new FluxSparkException(ErrorCode.INVALID_MODEL, folder + ": " + problem);
  }
}
