package io.fluxspark.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.TensorScope;
import io.fluxspark.text.T5Encoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewModelsTest {
  @TempDir private Path temp;

  /** Of the same four words in two orders, each word is told apart by its place. */
  @Test
  void textEncodersTellOrdersApart() throws IOException {
    ModelFolder folder = ModelFolder.open(TinyModel.make(temp).folder());
    try (T5Encoder encoder =
            T5Encoder.load(
                folder.textEncoder2Config(),
                folder.textEncoder2(),
                Device.cpu(),
                DataType.FLOAT32);
        TensorScope scope = new TensorScope(Device.cpu())) {
      float[] hidden =
          encoder.encode(scope, new long[][] {{5, 6, 7, 8, 1}, {7, 8, 5, 6, 1}}).toFloats();

      int width = hidden.length / 10;
      for (int word = 0; word < 4; word++) {
        float[] first = Arrays.copyOfRange(hidden, word * width, (word + 1) * width);
        int place = 5 + (word + 2) % 4;
        float[] second = Arrays.copyOfRange(hidden, place * width, (place + 1) * width);
        assertThat(distance(first, second)).isGreaterThan(0.2 * distance(first, new float[width]));
      }
    }
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }
}
