package io.fluxspark.training;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelWriter;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.T5Config;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.StoredType;
import io.fluxspark.weights.WeightPlan;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Makes models that know nothing yet. */
public final class NewModels {
  private NewModels() {}

  /**
   * Makes a model with first weights.
   *
   * @param configuration a pipeline folder without weights: all configurations and tokenizers
   * @param target made, with everything in it
   * @param seed decides the weights
   * @throws FluxSparkException {@code INVALID_MODEL} where a configuration is wrong
   */
  public static void create(Path configuration, Path target, long seed) {
    Map<String, WeightPlan> plans = new LinkedHashMap<>();
    plans.put(
        "text_encoder",
        ClipTextEncoder.plan(ClipConfig.read(configuration.resolve("text_encoder"))));
    plans.put(
        "text_encoder_2", T5Encoder.plan(T5Config.read(configuration.resolve("text_encoder_2"))));
    plans.put(
        "transformer",
        Transformer.plan(TransformerConfig.read(configuration.resolve("transformer"))));
    plans.put("vae", Vae.plan(VaeConfig.read(configuration.resolve("vae"))));
    ModelWriter.copy(configuration, target, Set.of());
    plans.forEach((part, plan) -> writeFirst(target, part, plan, seed));
  }

  private static void writeFirst(Path target, String part, WeightPlan plan, long seed) {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      Map<String, NativeTensor> weights = new TreeMap<>();
      for (WeightSpec spec : plan.all()) {
        weights.put(
            spec.name(),
            scope.floats(
                InitialWeights.of(part, spec, seed),
                spec.shape().stream().mapToLong(Long::longValue).toArray()));
      }
      ModelWriter.writeWeights(target, part, weights, StoredType.F32);
    }
  }

  /**
   * Makes a model that has another one's autoencoder and text encoders, and a transformer with
   * first weights.
   *
   * @param target made, with everything in it
   * @param seed decides the weights
   */
  public static void withNewTransformer(ModelFolder base, Path target, long seed) {
    ModelWriter.copy(base.path(), target, Set.of("transformer"));
    writeFirst(target, "transformer", Transformer.plan(base.transformerConfig()), seed);
  }
}
