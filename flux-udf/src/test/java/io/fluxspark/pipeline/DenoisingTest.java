package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Latents;
import io.fluxspark.sampling.Schedule;
import io.fluxspark.sampling.Velocity;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Noise, schedule and the latents after every step, against what diffusers recorded. */
class DenoisingTest {
  @ParameterizedTest
  @ValueSource(strings = {"dev/cases/one", "dev/cases/two", "schnell/cases/one"})
  void latentsAfterEveryStepAreDiffusers(String caseName) {
    JsonNode json = Golden.json(caseName + "/case.json");
    int rows = json.get("height").asInt() / 16;
    int columns = json.get("width").asInt() / 16;
    long[] seeds =
        StreamSupport.stream(json.get("seeds").spliterator(), false)
            .mapToLong(JsonNode::asLong)
            .toArray();
    ModelFolder folder = ModelFolder.open(Golden.path(caseName.split("/")[0]));
    try (GoldenTensors golden = new GoldenTensors(caseName);
        Transformer transformer =
            Transformer.load(
                folder.transformerConfig(), folder.transformer(), Device.cpu(), DataType.FLOAT32);
        Latents latents = Latents.load(Device.cpu());
        TensorScope scope = new TensorScope(Device.cpu())) {
      Schedule schedule =
          Schedule.of(
              folder.scheduleConfig(), json.get("num_inference_steps").asInt(), rows * columns);
      assertThat(schedule.sigmas()).hasSameSizeAs(golden.floats("sigmas"));
      golden.assertClose("sigmas", schedule.sigmas());
      golden.assertClose("timesteps", schedule.timesteps());

      NativeTensor noise = latents.noise(scope, seeds, 16, rows, columns);
      assertThat(noise.toFloats()).isEqualTo(golden.floats("transformer_in_step0"));

      float[] guidance = new float[seeds.length];
      Arrays.fill(guidance, (float) json.get("guidance_scale").asDouble());
      NativeTensor guidanceTensor = scope.floats(guidance, seeds.length);
      NativeTensor hidden = golden.tensor("t5_hidden");
      NativeTensor txt = transformer.embedText(scope, hidden);
      NativeTensor pooled = golden.tensor("clip_pooled");
      Rotary rotary =
          Rotary.of(
              scope,
              folder.transformerConfig().axesDimsRope(),
              (int) hidden.shape()[1],
              rows,
              columns);
      List<float[]> visited = new ArrayList<>();
      Velocity velocity =
          (owner, x, timestep) -> {
            visited.add(x.toFloats());
            return transformer.velocity(owner, x, txt, pooled, timestep, guidanceTensor, rotary);
          };
      visited.add(latents.sample(scope, noise, schedule, velocity, () -> false).toFloats());

      float[] expected = golden.floats("latents_by_step");
      int size = expected.length / schedule.steps();
      for (int i = 0; i < schedule.steps(); i++) {
        GoldenTensors.assertClose(
            "latents after step " + i,
            visited.get(i + 1),
            Arrays.copyOfRange(expected, i * size, (i + 1) * size));
      }
    }
  }
}
