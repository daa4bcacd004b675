package io.fluxspark.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransformerTest {
  @ParameterizedTest
  @CsvSource({
    "dev/cases/one, 4, 6, 3.5",
    "dev/cases/two, 5, 3, 1.5",
    "dev/cases/true_cfg, 4, 4, 3.5",
    "schnell/cases/one, 4, 4, 0",
  })
  void firstVelocityIsDiffusers(String caseName, int rows, int columns, float guidanceScale) {
    Path folder = Golden.path(caseName.split("/")[0]).resolve("transformer");
    TransformerConfig config = TransformerConfig.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder, "diffusion_pytorch_model");
    long before = TensorScope.openValues();
    try (GoldenTensors golden = new GoldenTensors(caseName);
        Transformer transformer =
            Transformer.load(config, checkpoint, Device.cpu(), DataType.FLOAT32);
        TensorScope scope = new TensorScope(Device.cpu())) {
      NativeTensor hidden = golden.tensor("t5_hidden");
      int batch = (int) hidden.shape()[0];
      int textTokens = (int) hidden.shape()[1];
      float[] timestep = golden.floats("timestep_step0");
      float[] guidance = new float[batch];
      for (int i = 0; i < batch; i++) {
        timestep[i] *= 1000;
        guidance[i] = guidanceScale;
      }
      NativeTensor latents = golden.tensor("transformer_in_step0");
      NativeTensor txt = transformer.embedText(scope, hidden);
      NativeTensor pooled = golden.tensor("clip_pooled");
      NativeTensor guidances = scope.floats(guidance, batch);
      Rotary rotary =
          Rotary.of(
              scope, config.axesDimsRope(), textTokens, List.of(new Rotary.Grid(0, rows, columns)));
      NativeTensor velocity =
          transformer.velocity(
              scope, latents, txt, pooled, scope.floats(timestep, batch), guidances, rotary);
      Modulation modulation =
          transformer.modulate(scope, new float[] {1, timestep[0], 500}, pooled, guidances);
      NativeTensor step =
          transformer.velocity(scope, latents, txt, modulation, timestep[0], rotary);

      golden.assertClose("transformer_out_step0", velocity.toFloats());
      golden.assertClose("transformer_out_step0", step.toFloats());
      assertThatThrownBy(() -> transformer.velocity(scope, latents, txt, modulation, 42, rotary))
          .hasMessage("timestep 42.0 is none of those that were modulated");
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }
}
