package io.fluxspark.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextEncodersTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"dev/cases/one", "dev/cases/two", "dev/cases/true_cfg", "schnell/cases/one"})
  void clipPooledIsTransformers(String caseName) {
    Path folder = Golden.path(caseName.split("/")[0]).resolve("text_encoder");
    long before = TensorScope.openValues();
    try (GoldenTensors golden = new GoldenTensors(caseName);
        ClipTextEncoder clip =
            ClipTextEncoder.load(
                ClipConfig.read(folder),
                Checkpoint.open(folder, "model"),
                Device.cpu(),
                DataType.FLOAT32);
        TensorScope scope = new TensorScope(Device.cpu())) {
      long[][] ids = Golden.longs(caseName, "clip_input_ids");

      golden.assertClose("clip_pooled", clip.pooled(scope, ids).toFloats());
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }

  @Test
  void clipsNamesMayAllBeBelowTextModel(@TempDir Path temp) throws IOException {
    Path folder = Golden.path("dev/text_encoder");
    Golden.renamed(
        folder.resolve("model.safetensors"),
        temp.resolve("model.safetensors"),
        name -> "text_model." + name);
    try (GoldenTensors golden = new GoldenTensors("dev/cases/one");
        ClipTextEncoder clip =
            ClipTextEncoder.load(
                ClipConfig.read(folder),
                Checkpoint.open(temp, "model"),
                Device.cpu(),
                DataType.FLOAT32);
        TensorScope scope = new TensorScope(Device.cpu())) {
      long[][] ids = Golden.longs("dev/cases/one", "clip_input_ids");

      golden.assertClose("clip_pooled", clip.pooled(scope, ids).toFloats());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"dev/cases/one", "dev/cases/two", "dev/cases/true_cfg", "schnell/cases/one"})
  void t5HiddenStatesAreTransformers(String caseName) {
    Path folder = Golden.path(caseName.split("/")[0]).resolve("text_encoder_2");
    long before = TensorScope.openValues();
    try (GoldenTensors golden = new GoldenTensors(caseName);
        T5Encoder t5 =
            T5Encoder.load(
                T5Config.read(folder),
                Checkpoint.open(folder, "model"),
                Device.cpu(),
                DataType.FLOAT32);
        TensorScope scope = new TensorScope(Device.cpu())) {
      long[][] ids = Golden.longs(caseName, "t5_input_ids");

      golden.assertClose("t5_hidden", t5.encode(scope, ids).toFloats());
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }
}
