package io.fluxspark.training;

import io.fluxspark.image.Picture;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Pictures, and what an autoencoder makes of them. */
final class Reconstructions {
  private Reconstructions() {}

  /** A PNG file: some examples in a row, and below each what comes back from its latent. */
  static byte[] sheet(VaeConfig config, Parameters weights, ExampleStore examples, int count) {
    List<Picture> given = new ArrayList<>();
    List<Picture> back = new ArrayList<>();
    int shown = Math.min(count, examples.size());
    try (Vae vae = Vae.of(config, weights)) {
      for (int i = 0; i < shown; i++) {
        Example example = examples.get((int) ((long) i * examples.size() / shown));
        try (TensorScope temporary = new TensorScope(weights.device())) {
          NativeTensor image = Batches.values(temporary, List.of(example)); // (1, 3, H, W)
          NativeTensor decoded = vae.decode(temporary, vae.mode(temporary, image));
          given.add(new Picture(example.width(), example.height(), example.pixels()));
          back.add(
              new Picture(
                  example.width(),
                  example.height(),
                  vae.pixels(temporary, decoded).bytes().toBytes()));
        }
      }
    }
    given.addAll(back);
    return Samples.sheet(given, shown, Map.of());
  }
}
