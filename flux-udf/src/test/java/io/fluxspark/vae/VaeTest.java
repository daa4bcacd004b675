package io.fluxspark.vae;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Latents;
import io.fluxspark.weights.Checkpoint;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VaeTest {
  @ParameterizedTest
  @CsvSource({
    "dev/cases/one, 4, 6",
    "dev/cases/two, 5, 3",
    "dev/cases/true_cfg, 4, 4",
    "schnell/cases/one, 4, 4"
  })
  void decodedPicturesAreDiffusers(String caseName, int rows, int columns) {
    Path folder = Golden.path(caseName.split("/")[0]).resolve("vae");
    long before = TensorScope.openValues();
    try (GoldenTensors golden = new GoldenTensors(caseName);
        Vae vae =
            Vae.load(
                VaeConfig.read(folder),
                Checkpoint.open(folder, "diffusion_pytorch_model"),
                Device.cpu(),
                DataType.FLOAT32);
        Latents latents = Latents.load(Device.cpu());
        TensorScope scope = new TensorScope(Device.cpu())) {
      NativeTensor byStep = golden.tensor("latents_by_step"); // (N, B, S, C)
      int steps = (int) byStep.shape()[0];
      int batch = (int) byStep.shape()[1];
      float[] all = byStep.toFloats();
      int size = all.length / steps;
      float[] last = java.util.Arrays.copyOfRange(all, all.length - size, all.length);
      NativeTensor tokens = scope.floats(last, batch, (long) rows * columns, byStep.shape()[3]);

      NativeTensor image =
          vae.decode(scope, latents.unpack(scope, tokens, rows, columns)); // (B, 3, H, W)

      float[] unit = image.toFloats();
      for (int i = 0; i < unit.length; i++) {
        unit[i] = Math.min(1, Math.max(0, unit[i] / 2 + 0.5f));
      }
      golden.assertClose("image", unit);
      NativeTensor inStrips =
          vae.decodeInStrips(scope, latents.unpack(scope, tokens, rows, columns)); // (B, 3, H, W)
      GoldenTensors.assertClose("decoded in strips", inStrips.toFloats(), image.toFloats());
      assertThat(vae.pixels(scope, image).finite().toFloats()).containsOnly(0);
      assertThat(vae.pixels(scope, image).bytes().shape())
          .containsExactly(batch, 16L * rows, 16L * columns, 3);
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }

  /**
   * A latent whose left is unlike its right, as pictures are: statistics of a part are not those of
   * the whole. In bfloat16 each order of sums has its own rounding.
   *
   * @param most the largest difference, of 255
   */
  @ParameterizedTest
  @CsvSource({"FLOAT32, 34, 22, 1", "FLOAT32, 2, 6, 1", "BFLOAT16, 34, 22, 10"})
  void stripsGiveThePictureOfTheWhole(DataType type, int rows, int columns, int most) {
    Path folder = Golden.path("dev/vae");
    long before = TensorScope.openValues();
    try (Vae vae =
            Vae.load(
                VaeConfig.read(folder),
                Checkpoint.open(folder, "diffusion_pytorch_model"),
                Device.cpu(),
                type);
        TensorScope scope = new TensorScope(Device.cpu())) {
      float[] values = new float[2 * 16 * rows * columns];
      Random random = new Random(7);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (random.nextGaussian() * (i % columns) / columns);
      }
      NativeTensor latent = scope.floats(values, 2, 16, rows, columns); // (B, C, 2 h, 2 w)
      byte[] whole = vae.pixels(scope, vae.decode(scope, latent)).bytes().toBytes();
      byte[] strips = vae.pixels(scope, vae.decodeInStrips(scope, latent)).bytes().toBytes();
      assertThat(strips).hasSameSizeAs(whole);
      assertThat(
              IntStream.range(0, whole.length)
                  .map(i -> Math.abs((whole[i] & 255) - (strips[i] & 255)))
                  .max()
                  .orElseThrow())
          .isLessThanOrEqualTo(most);
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }

  /** The first latents of image to image: sigma noise + (1 - sigma) scale (x - shift). */
  @Test
  void encodedPicturesAreDiffusers() throws IOException {
    String caseName = "dev/cases/img2img";
    Path folder = Golden.path("dev/vae");
    VaeConfig config = VaeConfig.read(folder);
    try (GoldenTensors golden = new GoldenTensors(caseName);
        Vae vae =
            Vae.load(
                config,
                Checkpoint.open(folder, "diffusion_pytorch_model"),
                Device.cpu(),
                DataType.FLOAT32);
        Latents latents = Latents.load(Device.cpu());
        TensorScope scope = new TensorScope(Device.cpu())) {
      BufferedImage picture = ImageIO.read(Golden.path(caseName + "/input.png").toFile());
      int rows = picture.getHeight() / 16;
      int columns = picture.getWidth() / 16;
      // One generator draws the latent's noise first and then that of the sampler.
      long[] seed = {Golden.json(caseName + "/case.json").get("seeds").get(0).asLong()};
      List<NativeTensor> drawn = latents.noise(scope, seed, 2, 16, rows, columns);
      float[] noise = drawn.get(1).toFloats();
      float sigma = golden.floats("timestep_step0")[0];

      NativeTensor image = scope.floats(unit(picture), 1, 3, 64, 64);
      float[] latent = vae.sampled(scope, image, drawn.get(0)).toFloats();
      float[] noisy = new float[latent.length];
      for (int i = 0; i < noisy.length; i++) {
        noisy[i] = sigma * noise[i] + (1 - sigma) * latent[i];
      }

      NativeTensor first = golden.tensor("transformer_in_step0");
      GoldenTensors.assertClose(
          "noisy latents", noisy, latents.unpack(scope, first, rows, columns).toFloats());
    }
  }

  /** Channels, then rows, from -1 to 1. */
  private static float[] unit(BufferedImage picture) {
    int size = picture.getWidth() * picture.getHeight();
    int[] pixels =
        picture.getRaster().getPixels(0, 0, picture.getWidth(), picture.getHeight(), (int[]) null);
    float[] unit = new float[3 * size];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = pixels[3 * (i % size) + i / size] / 255f * 2 - 1;
    }
    return unit;
  }
}
