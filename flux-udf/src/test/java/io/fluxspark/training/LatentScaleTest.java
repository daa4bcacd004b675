package io.fluxspark.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluxspark.Golden;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.WeightReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatentScaleTest {
  @Test
  void latentsHaveMeanZeroAndVarianceOneAfterwards(@TempDir Path temp) {
    Path folder = Golden.path("dev/vae");
    VaeConfig config = VaeConfig.read(folder);
    long before = TensorScope.openValues();
    try (ExampleStore examples = new ExampleStore(temp);
        Parameters weights =
            WeightReader.parameters(
                Vae.plan(config),
                Checkpoint.open(folder, "diffusion_pytorch_model"),
                Device.cpu(),
                DataType.FLOAT32);
        Vae vae = Vae.of(config, weights);
        TensorScope scope = new TensorScope(Device.cpu())) {
      examples.add(picture(32, 16, 1), 1);
      examples.add(picture(16, 32, 2), 7);

      LatentScale scale = LatentScale.measure(config, weights, examples);

      double sum = 0;
      double squares = 0;
      int count = 0;
      for (int i = 0; i < examples.size(); i++) {
        for (float x :
            vae.encode(scope, Batches.values(scope, List.of(examples.get(i)))).mean().toFloats()) {
          double number = (x - scale.shift()) * scale.scale();
          sum += number;
          squares += number * number;
          count++;
        }
      }
      assertThat(sum / count).isCloseTo(0, within(1e-6));
      assertThat(squares / count).isCloseTo(1, within(1e-6));
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }

  private static Example picture(int width, int height, int seed) {
    byte[] pixels = new byte[3 * width * height];
    new Random(seed).nextBytes(pixels);
    return new Example(
        "",
        width,
        height,
        pixels,
        new float[0],
        new float[0],
        new float[0],
        new long[0],
        new long[0],
        new float[0],
        new float[0]);
  }
}
