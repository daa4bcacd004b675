package io.fluxspark.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Euler;
import io.fluxspark.sampling.NoisePath;
import io.fluxspark.sampling.Schedule;
import io.fluxspark.sampling.Velocity;
import io.fluxspark.transformer.Modulation;
import io.fluxspark.transformer.Rotary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Noise, schedule and the latents after every step, against what diffusers recorded. */
class DenoisingTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev/cases/one",
        "dev/cases/two",
        "dev/cases/true_cfg",
        "dev/cases/img2img",
        "dev/cases/lora",
        "kontext/cases/edit",
        "schnell/cases/one"
      })
  void latentsAfterEveryStepAreDiffusers(String caseName) {
    JsonNode json = Golden.json(caseName + "/case.json");
    List<PreparedImage> batch = GoldenRequests.of(caseName);
    ModelFolder folder = ModelFolder.open(Golden.path(caseName.split("/")[0]));
    try (GoldenTensors golden = new GoldenTensors(caseName);
        FluxModel base = FluxModel.load(folder, Device.cpu(), DataType.FLOAT32, Set.of());
        AdaptedModels models = new AdaptedModels(base);
        AdaptedModels.Lease lease = models.lease(batch.get(0));
        TensorScope scope = new TensorScope(Device.cpu())) {
      FluxModel model = lease.model();
      BatchInputs inputs = BatchInputs.of(model, scope, batch, batch.get(0).request().bucket());
      Schedule schedule = inputs.schedule();
      int skipped = golden.floats("timesteps").length - schedule.steps();
      golden.assertClose("sigmas", skipped, schedule.sigmas());
      golden.assertClose("timesteps", skipped, schedule.timesteps());

      float[] guidance = new float[batch.size()];
      Arrays.fill(guidance, (float) json.get("guidance_scale").asDouble());
      NativeTensor guidanceTensor = scope.floats(guidance, batch.size());
      NativeTensor hidden = golden.tensor("t5_hidden");
      Rotary rotary =
          Rotary.of(
              scope,
              folder.transformerConfig().axesDimsRope(),
              (int) hidden.shape()[1],
              inputs.grids());
      Velocity velocity =
          velocity(
              model, scope, schedule, hidden, golden.tensor("clip_pooled"), guidanceTensor, rotary);
      if (json.has("negative_prompt")) {
        NativeTensor scale =
            scope.floats(new float[] {(float) json.get("true_cfg_scale").asDouble()}, 1, 1, 1);
        Velocity negative =
            negativeVelocity(
                model,
                scope,
                schedule,
                json.get("negative_prompt").asText(),
                (int) hidden.shape()[1],
                guidanceTensor,
                rotary);
        velocity = model.latents().guided(velocity, negative, scale);
      }
      Velocity inner = velocity;
      List<float[]> given = new ArrayList<>();
      Velocity shown =
          inputs
              .shown()
              .apply(
                  (owner, x, timesteps) -> {
                    given.add(x.toFloats());
                    return inner.at(owner, x, timesteps);
                  });
      List<float[]> visited = new ArrayList<>();
      Velocity watched =
          (owner, x, timesteps) -> {
            visited.add(x.toFloats());
            return shown.at(owner, x, timesteps);
          };
      visited.add(
          model
              .latents()
              .sample(
                  scope,
                  inputs.start(),
                  schedule,
                  new Euler(model.latents(), NoisePath.LINEAR),
                  watched,
                  inputs.afterStep(),
                  () -> false)
              .toFloats());

      golden.assertClose("transformer_in_step0", given.get(0));
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
      Schedule schedule,
      String negativePrompt,
      int length,
      NativeTensor guidance,
      Rotary rotary) {
    List<String> text = List.of(negativePrompt);
    TextEncoding.Encoded encoded = model.texts().encode(scope, text, text, length);
    return velocity(model, scope, schedule, encoded.hidden(), encoded.pooled(), guidance, rotary);
  }

  private static Velocity velocity(
      FluxModel model,
      TensorScope scope,
      Schedule schedule,
      NativeTensor hidden,
      NativeTensor pooled,
      NativeTensor guidance,
      Rotary rotary) {
    NativeTensor txt = model.transformer().embedText(scope, hidden);
    Modulation modulation =
        model.transformer().modulate(scope, schedule.timesteps(), pooled, guidance);
    return (owner, x, timesteps) ->
        model.transformer().velocity(owner, x, txt, modulation, timesteps[0], rotary);
  }
}
