package io.fluxspark.pipeline;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.transformer.FixedGuidance;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.weights.LoraTerms;
import io.fluxspark.weights.LowRank;
import io.fluxspark.weights.WeightReader;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Works a LoRA into the weights of a transformer, as diffusers' {@code fuse_lora} does. */
final class FusedLora {
  private FusedLora() {}

  /**
   * The weights with the LoRA in them.
   *
   * @return float32, the caller's to close
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_LORA} where it is for another
   *     model
   */
  static Parameters weights(ModelFolder base, LoraTerms.Scaled lora) {
    lora.file().verify(base.adaptable());
    try (Parameters weights =
        WeightReader.parameters(
            Transformer.plan(base.transformerConfig()),
            base.transformer(),
            Device.cpu(),
            DataType.FLOAT32)) {
      return fused(weights, lora);
    }
  }

  /**
   * As {@link #weights}, of a model that is then told one guidance scale always, and has no
   * guidance embedding.
   */
  static Parameters weights(ModelFolder base, LoraTerms.Scaled lora, double guidanceScale) {
    lora.file().verify(base.adaptable());
    try (Parameters weights =
        FixedGuidance.weights(
            base.transformerConfig(), base.transformer(), Device.cpu(), guidanceScale)) {
      return fused(weights, lora);
    }
  }

  private static Parameters fused(Parameters weights, LoraTerms.Scaled lora) {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      Map<String, NativeTensor> fused = new TreeMap<>(weights.tensors());
      LoraTerms.read(List.of(lora), "transformer", scope, DataType.FLOAT32)
          .forEach(
              (layer, term) ->
                  fused.computeIfPresent(
                      layer + ".weight", (name, weight) -> sum(scope, weight, term)));
      return Parameters.copyOf(Device.cpu(), fused);
    }
  }

  /** W + up down, (out, in). */
  private static NativeTensor sum(TensorScope owner, NativeTensor weight, LowRank term) {
    float[] sum = weight.toFloats();
    float[] down = term.down().toFloats();
    float[] up = term.up().toFloats();
    int rank = (int) term.down().shape()[0];
    int in = (int) term.down().shape()[1];
    for (int out = 0; out < sum.length / in; out++) {
      for (int r = 0; r < rank; r++) {
        float factor = up[out * rank + r];
        for (int i = 0; i < in; i++) {
          sum[out * in + i] += factor * down[r * in + i];
        }
      }
    }
    return owner.floats(sum, weight.shape());
  }
}
