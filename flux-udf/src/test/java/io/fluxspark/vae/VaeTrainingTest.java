package io.fluxspark.vae;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.program.AdamW;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.WeightReader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The numbers are those of make_training_step.py. */
class VaeTrainingTest {
  @Test
  void lossesAndGradientsArePyTorchs() {
    Path folder = Golden.path("dev/vae");
    VaeConfig config = VaeConfig.read(folder);
    long before = TensorScope.openValues();
    try (GoldenTensors golden = new GoldenTensors("training/vae");
        Parameters weights =
            WeightReader.parameters(
                Vae.plan(config),
                Checkpoint.open(folder, "diffusion_pytorch_model"),
                Device.cpu(),
                DataType.FLOAT32);
        Parameters sums = weights.zeros();
        VaeTraining training = VaeTraining.load(config, Device.cpu(), DataType.FLOAT32);
        AdamW optimizer = new AdamW(weights);
        TensorScope scope = new TensorScope(Device.cpu())) {
      float[] counts = golden.floats("counts");
      VaeTraining.Losses losses =
          training.gradients(
              scope,
              weights,
              sums,
              golden.tensor("image"),
              golden.tensor("noise"),
              new VaeTraining.LossWeights(counts[0], counts[1], counts[2], counts[3]),
              1);

      float[] expected = golden.floats("losses"); // (4, B)
      List<NativeTensor> each = List.of(losses.l1(), losses.l2(), losses.kl(), losses.edges());
      for (int i = 0; i < each.size(); i++) {
        GoldenTensors.assertClose(
            "loss " + i, each.get(i).toFloats(), Arrays.copyOfRange(expected, 2 * i, 2 * i + 2));
      }
      List<String> names = golden.namesBelow("gradient");
      assertThat(names).hasSizeGreaterThan(10);
      for (String name : names) {
        golden.assertStarts("gradient." + name, sums.get(name).toFloats());
      }
      golden.assertClose("norm", new float[] {(float) optimizer.norm(sums)});
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }
}
