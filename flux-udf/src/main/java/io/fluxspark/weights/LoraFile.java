package io.fluxspark.weights;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.WeightSpec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A LoRA of FLUX.1 in one safetensors file, in any of the namings in use: diffusers' and PEFT's,
 * BFL's, ComfyUI's, kohya's, XLabs', OneTrainer's. Only the header and the scalars are read; {@link
 * #modules} says where the matrices lie.
 *
 * <p>A file that has anything which would not be used is refused, since its pictures would be
 * others than its author's.
 */
public final class LoraFile {
  private final Path path;
  private final String naming;
  private final List<LoraModule> modules;

  private LoraFile(Path path, String naming, List<LoraModule> modules) {
    this.path = path;
    this.naming = naming;
    this.modules = List.copyOf(modules);
  }

  /**
   * Reads what a file has.
   *
   * @throws FluxSparkException {@code INVALID_LORA} when it is no safetensors file, is damaged, has
   *     a key that fits nothing, or is of a kind that is not read: DoRA, LoHa, LoKr, convolutions,
   *     BFL's control LoRAs
   */
  public static LoraFile open(Path safetensors) {
    SafetensorsHeader header = readHeader(safetensors);
    try (FileChannel channel = FileChannel.open(safetensors)) {
      LoraReader reader = new LoraReader(header, channel);
      List<LoraModule> modules = reader.modules();
      return new LoraFile(safetensors, LoraNaming.join(reader.namings()), modules);
    } catch (IOException e) {
      throw JsonFiles.unreadable(safetensors, e);
    }
  }

  private static SafetensorsHeader readHeader(Path file) {
    try {
      return SafetensorsHeader.read(file);
    } catch (FluxSparkException e) {
      throw e.code() == ErrorCode.INVALID_MODEL
          ? new FluxSparkException(ErrorCode.INVALID_LORA, e.getMessage(), e)
          : e;
    }
  }

  /**
   * Checks that a pipeline has every layer that is adapted, with its size.
   *
   * @param plans of the models that can run a LoRA, by {@link LoraModule#part}; CLIP's with or
   *     without {@code text_model.} in front of its names
   * @throws FluxSparkException {@code INVALID_LORA} that names the first one that is not so
   */
  public void verify(Map<String, WeightPlan> plans) {
    Map<String, Map<String, List<Long>>> shapes = new HashMap<>();
    plans.forEach(
        (part, plan) ->
            shapes.put(
                part,
                plan.all().stream()
                    .collect(Collectors.toMap(LoraFile::publishedName, WeightSpec::shape))));
    for (LoraModule module : modules) {
      Map<String, List<Long>> weights = shapes.get(module.part());
      if (weights == null) {
        throw invalid(
            path,
            tensor(module)
                + " is for "
                + module.part()
                + "; a LoRA of "
                + String.join(" or ", plans.keySet().stream().sorted().toList())
                + " is wanted");
      }
      requireFits(module, weights.get(module.weight()));
    }
  }

  /** The names of transformers' newer CLIP checkpoints, as they are in those of FLUX.1. */
  private static String publishedName(WeightSpec spec) {
    return spec.name().startsWith("encoder.layers.") ? "text_model." + spec.name() : spec.name();
  }

  private void requireFits(LoraModule module, List<Long> shape) {
    if (shape == null) {
      throw invalid(
          path,
          tensor(module)
              + " is for "
              + module.part()
              + "'s layer "
              + module.module()
              + ", which this model lacks: the LoRA was made for another model");
    }
    if (shape.equals(List.of(module.out(), module.in()))) {
      return;
    }
    boolean widens = module.module().equals("x_embedder") && module.in() > shape.get(1);
    throw invalid(
        path,
        tensor(module)
            + " is for a layer "
            + module.module()
            + " of shape "
            + List.of(module.out(), module.in())
            + "; this model's has "
            + shape
            + (widens
                ? ": a control LoRA, which takes an input picture beside the latents, is not read"
                : ": the LoRA was made for another model"));
  }

  private static String tensor(LoraModule module) {
    return "tensor " + JsonFiles.quoted(module.down().name());
  }

  static FluxSparkException invalid(Path file, String problem) {
    return new FluxSparkException(ErrorCode.INVALID_LORA, file + ": " + problem);
  }

  public Path path() {
    return path;
  }

  /** Whose naming the file has, for people: such as {@code kohya's}. */
  public String naming() {
    return naming;
  }

  /** The layers that are adapted, each once, sorted by part and name. */
  public List<LoraModule> modules() {
    return modules;
  }

  /**
   * The identity of the LoRA, whatever the file's name: a SHA-256 that samples the weights, as
   * {@link ModelDigest} does.
   *
   * @return 64 hexadecimal digits
   */
  public String digest() {
    return ModelDigest.of(path);
  }
}
