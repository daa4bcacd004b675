package io.fluxspark.training;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.WeightPlan;
import io.fluxspark.weights.WeightReader;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** The weights that a transformer's training starts with. */
final class FirstWeights {
  private static final String WEIGHT = ".weight";
  private static final String GUIDANCE = "time_text_embed.guidance_embedder.";

  private FirstWeights() {}

  /**
   * Of a student with a guidance embedding, which says what its teacher without one says: the
   * embedding's last layer is zero.
   */
  static Parameters withGuidance(
      TransformerConfig student, Checkpoint teacher, Device device, long seed) {
    TransformerConfig plain = student.withGuidanceEmbeds(false);
    try (Parameters known =
            WeightReader.parameters(Transformer.plan(plain), teacher, device, DataType.FLOAT32);
        TensorScope temporary = new TensorScope(device)) {
      Map<String, NativeTensor> weights = new TreeMap<>(known.tensors());
      for (WeightSpec spec : Transformer.plan(student).all()) {
        if (spec.name().startsWith(GUIDANCE)) {
          float[] numbers =
              spec.name().startsWith(GUIDANCE + "linear_2")
                  ? new float[Math.toIntExact(spec.elements())]
                  : InitialWeights.of("transformer", spec, seed);
          weights.put(spec.name(), temporary.floats(numbers, shape(spec)));
        }
      }
      return Parameters.copyOf(device, weights);
    }
  }

  /**
   * Of a LoRA: {@code down} normal numbers with deviation 1 / rank, {@code up} zeros, so that it
   * changes nothing at first.
   *
   * @throws FluxSparkException {@code INVALID_OPTION} where a target is no layer of the model
   */
  static Parameters lowRank(WeightPlan plan, LowRankSettings settings, Device device, long seed) {
    try (TensorScope temporary = new TensorScope(device)) {
      Map<String, NativeTensor> weights = new TreeMap<>();
      for (WeightSpec spec : plan.all()) {
        if (!spec.name().endsWith(WEIGHT) || spec.shape().size() != 2) {
          continue;
        }
        String layer = spec.name().substring(0, spec.name().length() - WEIGHT.length());
        if (settings.isTarget(layer)) {
          int rank = settings.rank();
          int in = Math.toIntExact(spec.shape().get(1));
          int out = Math.toIntExact(spec.shape().get(0));
          float[] down = new float[rank * in];
          SplittableRandom random = new SplittableRandom(seed * 31 + layer.hashCode());
          for (int i = 0; i < down.length; i++) {
            down[i] = (float) (random.nextGaussian() / rank);
          }
          weights.put(layer + Method.LORA_A, temporary.floats(down, rank, in));
          weights.put(layer + Method.LORA_B, temporary.floats(new float[out * rank], out, rank));
        }
      }
      requireTargets(weights, settings);
      return Parameters.copyOf(device, weights);
    }
  }

  private static void requireTargets(Map<String, NativeTensor> weights, LowRankSettings settings) {
    for (String target : settings.targetModules()) {
      boolean isThere =
          weights.keySet().stream()
              .map(name -> name.substring(0, name.lastIndexOf('.')))
              .anyMatch(layer -> layer.equals(target) || layer.endsWith("." + target));
      if (!isThere) {
        throw new FluxSparkException(
            ErrorCode.INVALID_OPTION,
            "--target-modules: '"
                + target
                + "' is no linear layer of the transformer; names are such as attn.to_q or"
                + " single_transformer_blocks.0.proj_out");
      }
    }
  }

  private static long[] shape(WeightSpec spec) {
    return spec.shape().stream().mapToLong(Long::longValue).toArray();
  }
}
