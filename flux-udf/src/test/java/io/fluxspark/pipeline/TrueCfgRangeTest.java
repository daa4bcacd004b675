package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.image.Picture;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.TestRules;
import io.fluxspark.sampling.Euler;
import io.fluxspark.sampling.NoisePath;
import io.fluxspark.sampling.Velocity;
import io.fluxspark.transformer.Modulation;
import io.fluxspark.transformer.Rotary;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** True guidance in some of the steps, against a loop that is written out here. */
class TrueCfgRangeTest {
  private static final int STEPS = 5;
  private static final int SIZE = 32;
  private static final int LENGTH = 16;
  private static final String PROMPT = "a small green tree";
  private static final String NEGATIVE = "black sky";
  private static final double SCALE = 2.5;

  @ParameterizedTest
  @CsvSource({"0, 1, 0 1 2 3 4", "0.2, 0.7, 1 2", "0.5, 1, 2 3 4", "0, 0.4, 0 1", "0.3, 0.35, -1"})
  void onlyTheStepsOfTheRangeAreGuided(double start, double stop, String steps) {
    Set<Integer> guided =
        Stream.of(steps.split(" ")).map(Integer::valueOf).collect(Collectors.toSet());
    PreparedImage image = image(new Approximations(start, stop, 0));
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));
    long openBefore = TensorScope.openValues();
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), DataType.FLOAT32);
        FluxModel model = FluxModel.load(folder, Device.cpu(), DataType.FLOAT32, Set.of())) {
      GeneratedImage made = pipeline.generate(List.of(image), () -> false).images().get(0);

      assertThat(((GeneratedImage.Made) made).picture().rgb())
          .isEqualTo(expected(model, image, guided).rgb());
    }
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  private static Picture expected(FluxModel model, PreparedImage image, Set<Integer> guidedSteps) {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      BatchInputs inputs = BatchInputs.of(model, scope, List.of(image), image.request().bucket());
      Rotary rotary =
          Rotary.of(
              scope, model.folder().transformerConfig().axesDimsRope(), LENGTH, inputs.grids());
      float[] timesteps = inputs.schedule().timesteps();
      Velocity told = velocity(model, scope, PROMPT, timesteps, rotary);
      Velocity guided =
          model
              .latents()
              .guided(
                  told,
                  velocity(model, scope, NEGATIVE, timesteps, rotary),
                  scope.floats(new float[] {(float) SCALE}, 1, 1, 1));
      Euler euler = new Euler(model.latents(), NoisePath.LINEAR);
      NativeTensor x = inputs.start();
      for (int i = 0; i < STEPS; i++) {
        Velocity velocity = guidedSteps.contains(i) ? guided : told;
        x = euler.next(scope, inputs.schedule(), i, x, velocity);
      }
      int side = SIZE / (2 * model.folder().vaeConfig().scaleFactor());
      NativeTensor latent = model.latents().unpack(scope, x, side, side);
      byte[] rgb = model.vae().pixels(scope, model.vae().decode(scope, latent)).bytes().toBytes();
      return new Picture(SIZE, SIZE, rgb);
    }
  }

  private static Velocity velocity(
      FluxModel model, TensorScope scope, String prompt, float[] timesteps, Rotary rotary) {
    List<String> text = List.of(prompt);
    TextEncoding.Encoded encoded = model.texts().encode(scope, text, text, LENGTH);
    NativeTensor txt = model.transformer().embedText(scope, encoded.hidden());
    NativeTensor guidance = scope.floats(new float[] {3.5f}, 1);
    Modulation modulation =
        model.transformer().modulate(scope, timesteps, encoded.pooled(), guidance);
    return (owner, x, each) ->
        model.transformer().velocity(owner, x, txt, modulation, each[0], rotary);
  }

  private static PreparedImage image(Approximations approximations) {
    GenerationRequest request =
        new GenerationRequest(
            "a",
            Optional.of(PROMPT),
            Optional.empty(),
            Optional.of(NEGATIVE),
            SCALE,
            SIZE,
            SIZE,
            STEPS,
            3.5,
            5,
            1,
            LENGTH,
            TestRules.noPictures(),
            List.of(),
            Optional.empty(),
            approximations);
    return new PreparedImage(new ImageRequest(request, 0, "key"), ImageInputs.none(), List.of());
  }
}
