package io.fluxspark.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.WeightReader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The numbers are those of make_training_step.py. */
class TextTrainingTest {
  private final long openBefore = TensorScope.openValues();

  @AfterEach
  void nothingStaysOpen() {
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  @Test
  void t5sGradientsArePyTorchs() {
    Path folder = Golden.path("dev/text_encoder_2");
    T5Config config = T5Config.read(folder);
    try (GoldenTensors golden = new GoldenTensors("training/t5");
        Parameters weights =
            WeightReader.parameters(
                T5Encoder.plan(config),
                Checkpoint.open(folder, "model"),
                Device.cpu(),
                DataType.FLOAT32);
        Parameters sums = weights.zeros();
        T5Training training = T5Training.load(config, Device.cpu())) {
      training.gradients(
          weights, sums, Golden.longs("training/t5", "ids"), golden.tensor("output_gradient"));

      assertGradients(golden, sums);
    }
  }

  @Test
  void clipsGradientsArePyTorchs() {
    Path folder = Golden.path("dev/text_encoder");
    ClipConfig config = ClipConfig.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder, "model");
    try (GoldenTensors golden = new GoldenTensors("training/clip");
        Parameters weights =
            WeightReader.parameters(
                ClipTextEncoder.plan(config, checkpoint),
                checkpoint,
                Device.cpu(),
                DataType.FLOAT32);
        Parameters sums = weights.zeros();
        ClipTraining training = ClipTraining.load(config, Device.cpu())) {
      training.gradients(
          weights, sums, Golden.longs("training/clip", "ids"), golden.tensor("output_gradient"));

      assertGradients(golden, sums);
    }
  }

  private static void assertGradients(GoldenTensors golden, Parameters sums) {
    List<String> names = golden.namesBelow("gradient");
    assertThat(names).hasSize(6);
    for (String name : names) {
      golden.assertStarts("gradient." + name, sums.get(name).toFloats());
    }
  }
}
