package io.fluxspark.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.program.AdamW;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Latents;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.WeightReader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers are those of make_training_step.py. */
class TransformerTrainingTest {
  private static final String CASE = "training/transformer";
  private static final int ROWS = 5;
  private static final int COLUMNS = 3;
  private static final int TEXT_TOKENS = 7;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneStepIsPyTorchs(boolean isCheckpointed) {
    Path folder = Golden.path("dev/transformer");
    TransformerConfig config = TransformerConfig.read(folder);
    float third = 1f / 3;
    long before = TensorScope.openValues();
    try (GoldenTensors golden = new GoldenTensors(CASE);
        Parameters weights =
            WeightReader.parameters(
                Transformer.plan(config),
                Checkpoint.open(folder, "diffusion_pytorch_model"),
                Device.cpu(),
                DataType.FLOAT32);
        Parameters sums = weights.zeros();
        TransformerTraining training =
            isCheckpointed
                ? TransformerTraining.loadCheckpointed(config, Device.cpu(), DataType.FLOAT32, 1)
                : TransformerTraining.load(config, Device.cpu(), DataType.FLOAT32, 1);
        AdamW optimizer = new AdamW(weights);
        TensorScope scope = new TensorScope(Device.cpu())) {
      TransformerTraining.Result result =
          training.gradients(
              scope,
              List.of(weights),
              sums,
              new TransformerTraining.Shown(
                  golden.tensor("latents"),
                  golden.tensor("t5_hidden"),
                  golden.tensor("pooled"),
                  golden.tensor("timestep"),
                  golden.tensor("guidance"),
                  Rotary.of(
                      scope,
                      config.axesDimsRope(),
                      TEXT_TOKENS,
                      List.of(new Rotary.Grid(0, ROWS, COLUMNS)))),
              golden.tensor("target"),
              new float[] {third, third, third});

      golden.assertClose("losses", result.losses().toFloats());
      golden.assertClose("t5_hidden_gradient", result.t5Hidden().toFloats());
      golden.assertClose("pooled_gradient", result.pooled().toFloats());
      List<String> names = golden.namesBelow("gradient");
      assertThat(names).hasSizeGreaterThan(20);
      for (String name : names) {
        golden.assertStarts("gradient." + name, sums.get(name).toFloats());
      }
      double norm = optimizer.norm(sums);
      golden.assertClose("norm", new float[] {(float) norm});
      optimizer.step(sums, 1, new AdamW.Step(1e-3, 0.9, 0.99, 0.01, 1, 0), norm);
      for (String name : names) {
        float[] updated = weights.get(name).toFloats();
        float[] expected = golden.floats("updated." + name);
        for (int i = 0; i < expected.length; i++) {
          assertThat(updated[i]).as(name + " " + i).isCloseTo(expected[i], within(1e-5f));
        }
      }
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void tokensBehindTheTargetsAreShownOnly(boolean isCheckpointed) {
    Path folder = Golden.path("dev/transformer");
    TransformerConfig config = TransformerConfig.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder, "diffusion_pytorch_model");
    try (GoldenTensors golden = new GoldenTensors(CASE);
        Parameters weights =
            WeightReader.parameters(
                Transformer.plan(config), checkpoint, Device.cpu(), DataType.FLOAT32);
        Parameters sums = weights.zeros();
        Transformer transformer =
            Transformer.load(config, checkpoint, Device.cpu(), DataType.FLOAT32);
        TransformerTraining training =
            isCheckpointed
                ? TransformerTraining.loadCheckpointed(config, Device.cpu(), DataType.FLOAT32, 1)
                : TransformerTraining.load(config, Device.cpu(), DataType.FLOAT32, 1);
        Latents latents = Latents.load(Device.cpu());
        TensorScope scope = new TensorScope(Device.cpu())) {
      Rotary rotary =
          Rotary.of(
              scope,
              config.axesDimsRope(),
              TEXT_TOKENS,
              List.of(new Rotary.Grid(0, ROWS, COLUMNS), new Rotary.Grid(1, ROWS, COLUMNS)));
      NativeTensor shown =
          latents.besides(scope, golden.tensor("latents"), golden.tensor("target")); // (B, 2 S, C)
      float[] velocity =
          transformer
              .velocity(
                  scope,
                  shown,
                  transformer.embedText(scope, golden.tensor("t5_hidden")),
                  golden.tensor("pooled"),
                  golden.tensor("timestep"),
                  golden.tensor("guidance"),
                  rotary)
              .toFloats();

      TransformerTraining.Result result =
          training.gradients(
              scope,
              List.of(weights),
              sums,
              new TransformerTraining.Shown(
                  shown,
                  golden.tensor("t5_hidden"),
                  golden.tensor("pooled"),
                  golden.tensor("timestep"),
                  golden.tensor("guidance"),
                  rotary),
              golden.tensor("target"),
              new float[] {1, 1, 1});

      float[] target = golden.floats("target");
      float[] losses = result.losses().toFloats();
      int size = target.length / losses.length;
      for (int b = 0; b < losses.length; b++) {
        double sum = 0;
        for (int i = 0; i < size; i++) {
          double difference = velocity[2 * b * size + i] - target[b * size + i];
          sum += difference * difference;
        }
        assertThat(losses[b]).isCloseTo((float) (sum / size), within(1e-4f));
      }
    }
  }
}
