package io.fluxspark.weights;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A safetensors file as BFL publishes FLUX.1: the whole transformer, or the autoencoder, under the
 * names of BFL's reference code ({@code flux/model.py}, {@code flux/modules/autoencoder.py}). Both
 * are given under diffusers' names. What BFL fuses is taken apart without copying, since the rows
 * of a stored matrix are neighbours; only the two halves of the last modulation change places.
 *
 * <p>Files that have diffusers' names already are read too, and those of ComfyUI, which put {@code
 * model.diffusion_model.} before the transformer's names and {@code vae.} before the autoencoder's.
 * Only the header is read.
 */
public final class SingleFile {
  private static final List<String> TRANSFORMER_PREFIXES = List.of("model.diffusion_model.", "");
  private static final List<String> AUTOENCODER_PREFIXES = List.of("vae.", "");

  /** What FLUX.1's transformers have and other families' lack, by BFL and by diffusers. */
  private static final List<String> TRANSFORMER_MARKS =
      List.of("double_blocks.0.img_mod.lin.weight", "single_transformer_blocks.0.proj_mlp.weight");

  private static final List<String> AUTOENCODER_MARKS =
      List.of("decoder.mid.block_1.conv1.weight", "decoder.mid_block.resnets.0.conv1.weight");

  private static final Pattern QK_NORM =
      Pattern.compile(
          "(?:double_blocks\\.(?<double>\\d+)\\.(?<stream>img|txt)_attn|single_blocks\\.(?<single>\\d+))"
              + "\\.norm\\.(?<which>query|key)_norm\\.scale");

  private final SafetensorsHeader header;
  private final Map<String, TensorEntry> tensors = new HashMap<>();
  private final Float8Scales scales;

  private SingleFile(SafetensorsHeader header) {
    this.header = header;
    this.scales = new Float8Scales(header.tensors());
    header.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
  }

  /**
   * Reads a file's header.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when it is damaged or no safetensors file
   */
  public static SingleFile open(Path file) {
    return new SingleFile(SafetensorsHeader.read(file));
  }

  public Path path() {
    return header.file();
  }

  /** The names in the file, sorted. */
  public Set<String> names() {
    return new TreeSet<>(tensors.keySet());
  }

  public boolean hasTransformer() {
    return prefix(TRANSFORMER_PREFIXES, TRANSFORMER_MARKS).isPresent();
  }

  public boolean hasAutoencoder() {
    return prefix(AUTOENCODER_PREFIXES, AUTOENCODER_MARKS).isPresent();
  }

  private Optional<String> prefix(List<String> prefixes, List<String> marks) {
    return prefixes.stream()
        .filter(prefix -> marks.stream().anyMatch(mark -> tensors.containsKey(prefix + mark)))
        .findFirst();
  }

  /**
   * The transformer, under the names of diffusers' {@code FluxTransformer2DModel}; other tensors
   * under their own.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} where a fused layer cannot be taken apart, or
   *     two tensors are one weight
   */
  public Checkpoint transformer() {
    String prefix = prefix(TRANSFORMER_PREFIXES, TRANSFORMER_MARKS).orElseThrow();
    Weights weights = new Weights();
    for (TensorEntry tensor : header.tensors()) {
      if (tensor.name().startsWith(prefix)) {
        addTransformer(weights, tensor, tensor.name().substring(prefix.length()));
      }
    }
    return Checkpoint.of(path(), weights.byName);
  }

  private void addTransformer(Weights weights, TensorEntry tensor, String name) {
    Matcher norm = QK_NORM.matcher(name);
    if (norm.matches()) {
      weights.add(normName(norm), List.of(tensor));
      return;
    }
    int dot = name.lastIndexOf('.');
    String kind = name.substring(dot + 1);
    List<LoraTarget> targets =
        dot > 0 && (kind.equals("weight") || kind.equals("bias"))
            ? LoraNames.find("transformer", name.substring(0, dot)).orElse(List.of())
            : List.of();
    if (targets.isEmpty()) {
      weights.add(name, List.of(tensor));
    }
    for (LoraTarget target : targets) {
      weights.add(target.module() + "." + kind, rows(tensor, target));
    }
  }

  private List<TensorEntry> rows(TensorEntry tensor, LoraTarget target) {
    if (target.shares().equals(LoraTarget.WHOLE)) {
      return List.of(tensor);
    }
    if (tensor.shape().isEmpty()
        || tensor.elements() == 0
        || tensor.shape().get(0) % target.parts() != 0) {
      throw invalid(
          "tensor "
              + JsonFiles.quoted(tensor.name())
              + " has shape "
              + tensor.shape()
              + "; rows that are a multiple of "
              + target.parts()
              + " are wanted");
    }
    return target.rowsOf(tensor);
  }

  private static String normName(Matcher norm) {
    String q = norm.group("which").equals("query") ? "q" : "k";
    if (norm.group("single") != null) {
      return "single_transformer_blocks." + norm.group("single") + ".attn.norm_" + q + ".weight";
    }
    String added = norm.group("stream").equals("txt") ? "added_" : "";
    return "transformer_blocks." + norm.group("double") + ".attn.norm_" + added + q + ".weight";
  }

  /**
   * The autoencoder, under the names of diffusers' {@code AutoencoderKL}; other tensors under their
   * own. Its attention is stored as convolutions of 1 x 1 and given as matrices.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} where two tensors are one weight
   */
  public Checkpoint autoencoder() {
    String prefix = prefix(AUTOENCODER_PREFIXES, AUTOENCODER_MARKS).orElseThrow();
    int levels =
        tensors.keySet().stream()
            .filter(name -> name.startsWith(prefix))
            .mapToInt(name -> AutoencoderNames.levels(name.substring(prefix.length())))
            .max()
            .orElse(0);
    Weights weights = new Weights();
    for (TensorEntry tensor : header.tensors()) {
      if (tensor.name().startsWith(prefix)) {
        String name = AutoencoderNames.find(tensor.name().substring(prefix.length()), levels);
        weights.add(name, List.of(matrix(name, tensor)));
      }
    }
    return Checkpoint.of(path(), weights.byName);
  }

  private static TensorEntry matrix(String name, TensorEntry tensor) {
    List<Long> shape = tensor.shape();
    boolean isKernel =
        shape.size() == 4 && shape.subList(2, 4).stream().allMatch(size -> size == 1);
    return isKernel && name.contains(".attentions.")
        ? tensor.reshaped(shape.subList(0, 2))
        : tensor;
  }

  private FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_MODEL, path() + ": " + problem);
  }

  /** What was found so far. */
  private final class Weights {
    private final Map<String, StoredWeight> byName = new HashMap<>();

    void add(String name, List<TensorEntry> parts) {
      StoredWeight other =
          byName.putIfAbsent(name, new StoredWeight(name, parts, scales.of(parts.get(0))));
      if (other != null) {
        throw invalid(
            "tensors "
                + JsonFiles.quoted(other.parts().get(0).name())
                + " and "
                + JsonFiles.quoted(parts.get(0).name())
                + " are one weight, "
                + JsonFiles.quoted(name));
      }
    }
  }
}
