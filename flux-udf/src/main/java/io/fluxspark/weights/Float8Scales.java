package io.fluxspark.weights;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The scales of weights that are stored in float8 (E4M3, without infinities).
 *
 * <p>Published files have three forms. Plain ones were cut to float8 as they are and have none.
 * ComfyUI's scaled ones have {@code LAYER.scale_weight} beside {@code LAYER.weight}; those of its
 * newer tools, of diffusers and ModelOpt {@code LAYER.weight_scale}. Each is one number, and the
 * weight is the stored one times it. What else lies beside such a layer says how its input may be
 * brought to float8 ({@code scale_input}, {@code input_scale}) or how the layer was made ({@code
 * comfy_quant}), and is not needed: layers compute in the wider type. Anything else is refused,
 * since it would change the weight: scales of rows or blocks, other tools' names.
 */
final class Float8Scales {
  private static final String WEIGHT = ".weight";
  private static final List<String> SCALES = List.of("scale_weight", "weight_scale");
  private static final List<String> UNNEEDED =
      List.of("weight", "bias", "scale_input", "input_scale", "comfy_quant");

  private final TreeMap<String, TensorEntry> tensors = new TreeMap<>();

  /**
   * @param tensors of one checkpoint
   */
  Float8Scales(Collection<TensorEntry> tensors) {
    tensors.forEach(tensor -> this.tensors.put(tensor.name(), tensor));
  }

  /**
   * The scale of a tensor; none where the tensor is not in float8.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} where something that is not read lies beside
   *     it
   */
  Optional<TensorEntry> of(TensorEntry tensor) {
    if (tensor.type() != StoredType.F8_E4M3 || !tensor.name().endsWith(WEIGHT)) {
      return Optional.empty();
    }
    String layer = tensor.name().substring(0, tensor.name().length() - WEIGHT.length()) + ".";
    TensorEntry scale = null;
    for (TensorEntry beside : tensors.tailMap(layer).values()) {
      if (!beside.name().startsWith(layer)) {
        break;
      }
      String kind = beside.name().substring(layer.length());
      if (SCALES.contains(kind)) {
        if (scale != null) {
          throw invalid(beside, "is a second scale of the layer; one is wanted");
        }
        scale = requireNumber(beside);
      } else if (!UNNEEDED.contains(kind) && kind.indexOf('.') < 0) {
        throw invalid(
            beside,
            "is not read; beside a weight in float8 scale_weight or weight_scale is wanted");
      }
    }
    return Optional.ofNullable(scale);
  }

  private static TensorEntry requireNumber(TensorEntry scale) {
    boolean isFloat =
        switch (scale.type()) {
          case BF16, F16, F32 -> true;
          default -> false;
        };
    if (!isFloat || scale.elements() != 1) {
      throw invalid(
          scale,
          "is " + scale.type() + " of shape " + scale.shape() + "; one number in F32 is wanted");
    }
    return scale.reshaped(List.of());
  }

  private static FluxSparkException invalid(TensorEntry tensor, String problem) {
    return new FluxSparkException(
        ErrorCode.INVALID_MODEL,
        tensor.file() + ": tensor " + JsonFiles.quoted(tensor.name()) + " " + problem);
  }
}
