package io.fluxspark.training;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import java.util.List;

/**
 * What an autoencoder's latents are shifted and scaled by, so that all their numbers together have
 * mean 0 and variance 1.
 *
 * @param shift their mean
 * @param scale 1 / their standard deviation
 */
record LatentScale(double shift, double scale) {
  private static final int MEASURED = 2000;

  /** Measures about 2,000 of the examples, or all where they are fewer. */
  static LatentScale measure(VaeConfig config, Parameters weights, ExampleStore examples) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    try (Vae vae = Vae.of(config, weights)) {
      int step = Math.max(1, examples.size() / MEASURED);
      for (int i = 0; i < examples.size(); i += step) {
        try (TensorScope temporary = new TensorScope(weights.device())) {
          NativeTensor image = Batches.values(temporary, List.of(examples.get(i))); // (1, 3, H, W)
          for (float number : vae.encode(temporary, image).mean().toFloats()) {
            sum += number;
            squares += (double) number * number;
            count++;
          }
        }
      }
    }
    double mean = sum / count;
    return new LatentScale(mean, 1 / Math.sqrt(squares / count - mean * mean));
  }
}
