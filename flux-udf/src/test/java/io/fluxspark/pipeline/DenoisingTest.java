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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Noise, schedule and the latents after every step, against what diffusers recorded. */
class DenoisingTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"dev/cases/one", "dev/cases/two", "dev/cases/true_cfg", "schnell/cases/one"})
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
        FluxModel model = FluxModel.load(folder, Device.cpu(), DataType.FLOAT32);
        TensorScope scope = new TensorScope(Device.cpu())) {
      Latents latents = model.latents();
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
      Rotary rotary =
          Rotary.of(
              scope,
              folder.transformerConfig().axesDimsRope(),
              (int) hidden.shape()[1],
              rows,
              columns);
      Velocity velocity =
          velocity(model, scope, hidden, golden.tensor("clip_pooled"), guidanceTensor, rotary);
      if (json.has("negative_prompt")) {
        NativeTensor scale =
            scope.floats(new float[] {(float) json.get("true_cfg_scale").asDouble()}, 1, 1, 1);
        Velocity negative =
            negativeVelocity(
                model,
                scope,
                json.get("negative_prompt").asText(),
                (int) hidden.shape()[1],
                guidanceTensor,
                rotary);
        velocity = latents.guided(velocity, negative, scale);
      }
      Velocity guided = velocity;
      List<float[]> visited = new ArrayList<>();
      Velocity watched =
          (owner, x, timestep) -> {
            visited.add(x.toFloats());
            return guided.at(owner, x, timestep);
          };
      visited.add(latents.sample(scope, noise, schedule, watched, () -> false).toFloats());

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

  private static Velocity negativeVelocity(
      FluxModel model,
      TensorScope scope,
      String negativePrompt,
      int length,
      NativeTensor guidance,
      Rotary rotary) {
    List<String> text = List.of(negativePrompt);
    NativeTensor hidden = model.t5().encode(scope, model.t5Tokenizer().encode(text, length));
    NativeTensor pooled = model.clip().pooled(scope, model.clipTokenizer().encode(text));
    return velocity(model, scope, hidden, pooled, guidance, rotary);
  }

  private static Velocity velocity(
      FluxModel model,
      TensorScope scope,
      NativeTensor hidden,
      NativeTensor pooled,
      NativeTensor guidance,
      Rotary rotary) {
    NativeTensor txt = model.transformer().embedText(scope, hidden);
    return (owner, x, timestep) ->
        model.transformer().velocity(owner, x, txt, pooled, timestep, guidance, rotary);
  }
}
