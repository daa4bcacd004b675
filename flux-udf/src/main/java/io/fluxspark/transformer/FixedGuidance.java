package io.fluxspark.transformer;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.WeightReader;
import java.util.Map;
import java.util.TreeMap;

/** Transformers that are told one guidance scale, always. */
public final class FixedGuidance {
  private static final String GUIDANCE = "time_text_embed.guidance_embedder.";
  private static final String TIMESTEP_BIAS = "time_text_embed.timestep_embedder.linear_2.bias";
  private static final int SINUSOIDS = 256;

  private FixedGuidance() {}

  /**
   * Weights without a guidance embedding that say what others say at one scale: what the embedding
   * adds there goes into the timestep's bias.
   *
   * @param config of the checkpoint; without a guidance embedding the weights are as they are
   * @param scale guidance, at least 0
   * @return float32, the caller's to close
   */
  public static Parameters weights(
      TransformerConfig config, Checkpoint checkpoint, Device device, double scale) {
    try (Parameters known =
            WeightReader.parameters(
                Transformer.plan(config), checkpoint, device, DataType.FLOAT32);
        TensorScope temporary = new TensorScope(device)) {
      Map<String, NativeTensor> weights = new TreeMap<>(known.tensors());
      weights.keySet().removeIf(name -> name.startsWith(GUIDANCE));
      if (config.guidanceEmbeds()) {
        float[] bias = known.get(TIMESTEP_BIAS).toFloats();
        float[] hidden = linear(known, GUIDANCE + "linear_1", sinusoids(scale * 1000));
        for (int i = 0; i < hidden.length; i++) {
          hidden[i] = (float) (hidden[i] / (1 + Math.exp(-hidden[i])));
        }
        float[] added = linear(known, GUIDANCE + "linear_2", hidden);
        for (int i = 0; i < bias.length; i++) {
          bias[i] += added[i];
        }
        weights.put(TIMESTEP_BIAS, temporary.floats(bias, bias.length));
      }
      return Parameters.copyOf(device, weights);
    }
  }

  /** As the transformer's own, cosines first. */
  private static float[] sinusoids(double t) {
    float[] numbers = new float[SINUSOIDS];
    int half = SINUSOIDS / 2;
    for (int i = 0; i < half; i++) {
      double angle = t * Math.exp(-Math.log(10_000) * i / half);
      numbers[i] = (float) Math.cos(angle);
      numbers[half + i] = (float) Math.sin(angle);
    }
    return numbers;
  }

  private static float[] linear(Parameters weights, String layer, float[] x) {
    float[] matrix = weights.get(layer + ".weight").toFloats();
    float[] y = weights.get(layer + ".bias").toFloats();
    for (int row = 0; row < y.length; row++) {
      double sum = 0;
      for (int i = 0; i < x.length; i++) {
        sum += (double) matrix[row * x.length + i] * x[i];
      }
      y[row] += (float) sum;
    }
    return y;
  }
}
