package io.fluxspark.weights;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.WeightSpec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
  private final Set<LoraNaming> namings;
  private final List<LoraModule> modules;

  private LoraFile(Path path, Set<LoraNaming> namings, List<LoraModule> modules) {
    this.path = path;
    this.namings = namings;
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
    LoraKinds.requireRead(header.tensors());
    Map<String, Layer> layers = new TreeMap<>();
    Set<LoraNaming> namings = EnumSet.noneOf(LoraNaming.class);
    List<TensorEntry> unknown = new ArrayList<>();
    for (TensorEntry tensor : header.tensors()) {
      LoraKey key = LoraKey.parse(tensor.name()).orElse(null);
      List<LoraTarget> targets = key == null ? null : key.targets().orElse(null);
      if (targets == null) {
        unknown.add(tensor);
      } else {
        namings.add(key.naming());
        layers
            .computeIfAbsent(key.layer(), name -> new Layer(targets, new HashMap<>()))
            .put(key.role(), tensor);
      }
    }
    if (!unknown.isEmpty()) {
      throw invalid(
          safetensors,
          "tensor "
              + JsonFiles.quoted(unknown.get(0).name())
              + " fits no layer of FLUX.1"
              + (namings.isEmpty()
                  ? "; no naming of a LoRA was recognised"
                  : "; the file's other names are " + named(namings)));
    }
    if (layers.isEmpty()) {
      throw invalid(safetensors, "has no tensor; a LoRA is wanted");
    }
    return new LoraFile(safetensors, namings, modules(header, layers));
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

  private static List<LoraModule> modules(SafetensorsHeader header, Map<String, Layer> layers) {
    Path file = header.file();
    Map<String, LoraModule> modules = new TreeMap<>();
    try (FileChannel channel = FileChannel.open(file)) {
      LoraAlphas alphas = new LoraAlphas(header, channel);
      for (Layer layer : layers.values()) {
        TensorEntry down = layer.require(LoraKey.Role.DOWN, LoraKey.Role.UP);
        TensorEntry up = layer.require(LoraKey.Role.UP, LoraKey.Role.DOWN);
        requireProduct(down, up);
        for (LoraTarget target : layer.targets()) {
          if (up.shape().get(0) % target.parts() != 0) {
            throw invalid(
                file,
                "tensor "
                    + JsonFiles.quoted(up.name())
                    + " has "
                    + up.shape().get(0)
                    + " rows; a multiple of "
                    + target.parts()
                    + " is wanted");
          }
          LoraModule module =
              new LoraModule(
                  target.part(),
                  target.module(),
                  down,
                  target.shares().stream().map(share -> share.of(up)).toList(),
                  alphas.of(target, layer.tensors().get(LoraKey.Role.ALPHA), down.shape().get(0)));
          LoraModule other = modules.putIfAbsent(target.part() + " " + target.module(), module);
          if (other != null) {
            throw invalid(
                file,
                "tensors "
                    + JsonFiles.quoted(other.down().name())
                    + " and "
                    + JsonFiles.quoted(down.name())
                    + " are for one layer, "
                    + target.module());
          }
        }
      }
    } catch (IOException e) {
      throw JsonFiles.unreadable(file, e);
    }
    return new ArrayList<>(modules.values());
  }

  private static void requireProduct(TensorEntry down, TensorEntry up) {
    for (TensorEntry factor : List.of(down, up)) {
      if (factor.shape().size() != 2 || factor.shape().contains(0L)) {
        throw invalid(
            factor.file(),
            "tensor "
                + JsonFiles.quoted(factor.name())
                + " has shape "
                + factor.shape()
                + "; a matrix is wanted, FLUX.1 has no convolution that a LoRA could adapt");
      }
      switch (factor.type()) {
        case BF16, F16, F32 -> {}
        default ->
            throw invalid(
                factor.file(),
                "tensor "
                    + JsonFiles.quoted(factor.name())
                    + " is stored as "
                    + factor.type()
                    + "; BF16, F16 or F32 is wanted");
      }
    }
    if (!down.shape().get(0).equals(up.shape().get(1))) {
      throw invalid(
          down.file(),
          "tensor "
              + JsonFiles.quoted(down.name())
              + " has shape "
              + down.shape()
              + " and "
              + JsonFiles.quoted(up.name())
              + " "
              + up.shape()
              + "; the first one's rows and the second one's columns must be as many, the rank");
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

  private static String named(Set<LoraNaming> namings) {
    return namings.stream().map(LoraNaming::toString).collect(Collectors.joining(" and "));
  }

  static FluxSparkException invalid(Path file, String problem) {
    return new FluxSparkException(ErrorCode.INVALID_LORA, file + ": " + problem);
  }

  public Path path() {
    return path;
  }

  /** Whose naming the file has, for people: such as {@code kohya's}. */
  public String naming() {
    return named(namings);
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

  /** The tensors of one layer of the file's own naming. */
  private record Layer(List<LoraTarget> targets, Map<LoraKey.Role, TensorEntry> tensors) {
    void put(LoraKey.Role role, TensorEntry tensor) {
      TensorEntry other = tensors.putIfAbsent(role, tensor);
      if (other != null) {
        throw invalid(
            tensor.file(),
            "tensors "
                + JsonFiles.quoted(other.name())
                + " and "
                + JsonFiles.quoted(tensor.name())
                + " are the same matrix of one layer");
      }
    }

    TensorEntry require(LoraKey.Role wanted, LoraKey.Role beside) {
      TensorEntry tensor = tensors.get(wanted);
      if (tensor != null) {
        return tensor;
      }
      TensorEntry other = tensors.getOrDefault(beside, tensors.get(LoraKey.Role.ALPHA));
      throw invalid(
          other.file(),
          "tensor "
              + JsonFiles.quoted(other.name())
              + " is alone: the layer's "
              + (wanted == LoraKey.Role.DOWN ? "down (lora_A)" : "up (lora_B)")
              + " matrix is lacking");
    }
  }
}
