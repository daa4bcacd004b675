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
import java.nio.file.Path;
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
      assertThat(vae.pixels(scope, image).finite().toFloats()).containsOnly(0);
      assertThat(vae.pixels(scope, image).bytes().shape())
          .containsExactly(batch, 16L * rows, 16L * columns, 3);
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }
}
