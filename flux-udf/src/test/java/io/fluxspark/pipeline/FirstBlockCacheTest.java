package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.TestRules;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FirstBlockCacheTest {
  private static final String CASE = "dev/cases/first_block_cache";
  private static final int STEPS = 5;

  private FluxPipeline pipeline;
  private long openBefore;

  @BeforeEach
  void load() {
    openBefore = TensorScope.openValues();
    pipeline =
        FluxPipeline.load(ModelFolder.open(Golden.path("dev")), Device.cpu(), DataType.FLOAT32);
  }

  @AfterEach
  void nothingIsLeftOpen() {
    pipeline.close();
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  /** diffusers decides for a whole batch, so that it was given one picture at a time. */
  @Test
  void picturesAndReusedCallsAreDiffusers() throws IOException {
    JsonNode json = Golden.json(CASE + "/case.json");
    List<PreparedImage> batch = GoldenRequests.of(CASE);

    List<GeneratedImage.Made> made = made(batch);

    for (int i = 0; i < batch.size(); i++) {
      assertThat(made.get(i).callsReused()).hasValue(json.get("calls_reused").get(i).asInt());
      assertThat(largestDifference(made.get(i).picture(), expected(i))).isLessThanOrEqualTo(1);
    }
    GeneratedImage.Made off = made(List.of(without(batch.get(0)))).get(0);
    assertThat(off.callsReused()).isEmpty();
    assertThat(largestDifference(off.picture(), expected(0))).isGreaterThan(3);
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
  void whatNeverReusesGivesTheSameBitsAsOff(DataType type) {
    PreparedImage off = request("a", 1, 1, 0);
    PreparedImage never = request("a", 1, 1, 1e-12);
    try (FluxPipeline typed =
        FluxPipeline.load(ModelFolder.open(Golden.path("dev")), Device.cpu(), type)) {
      GeneratedImage.Made made = made(typed, List.of(never)).get(0);

      assertThat(made.callsReused()).hasValue(0);
      assertThat(made.picture().rgb()).isEqualTo(made(typed, List.of(off)).get(0).picture().rgb());
    }
  }

  /** A trained model: what its first block adds never changes by as much as all of it. */
  @ParameterizedTest
  @ValueSource(doubles = {1, 2.5})
  void allStepsButTheFirstAreReusedInBothBranchesOfTrueGuidance(double trueCfgScale) {
    ModelFolder tiny = ModelLocation.open("builtin:tiny");
    try (FluxPipeline trained = FluxPipeline.load(tiny, Device.cpu(), DataType.FLOAT32)) {
      GeneratedImage.Made made =
          made(trained, List.of(request("a red circle", 1, trueCfgScale, 1))).get(0);

      int branches = trueCfgScale > 1 ? 2 : 1;
      assertThat(made.callsReused()).hasValue(branches * (STEPS - 1));
    }
  }

  @Test
  void picturesOfABatchDecideByThemselves() {
    List<PreparedImage> batch = new ArrayList<>(GoldenRequests.of(CASE));
    batch.add(withThreshold(batch.get(0), 1e-12));
    batch.add(withThreshold(batch.get(1), 1));
    batch.add(withThreshold(batch.get(0), 0.5));

    List<GeneratedImage.Made> together = made(batch);
    List<GeneratedImage.Made> again = made(batch);

    assertThat(together.stream().map(GeneratedImage.Made::callsReused).distinct())
        .hasSizeGreaterThanOrEqualTo(3);
    for (int i = 0; i < batch.size(); i++) {
      GeneratedImage.Made alone = made(List.of(batch.get(i))).get(0);
      assertThat(alone.callsReused()).isEqualTo(together.get(i).callsReused());
      assertThat(largestDifference(alone.picture(), together.get(i).picture()))
          .isLessThanOrEqualTo(1);
      assertThat(again.get(i).picture().rgb()).isEqualTo(together.get(i).picture().rgb());
    }
  }

  @Test
  void aBatchThatFailsLeavesNothingOpen() {
    AtomicInteger asked = new AtomicInteger();
    List<PreparedImage> batch = List.of(request("a", 1, 2, 0.5), request("b", 2, 2, 0.9));

    assertThatThrownBy(() -> pipeline.generate(batch, () -> asked.incrementAndGet() > 4))
        .isInstanceOf(FluxSparkException.class);
    assertThatThrownBy(
            () ->
                pipeline.generate(
                    batch,
                    () -> {
                      throw new IllegalStateException("in the middle");
                    }))
        .hasMessage("in the middle");
  }

  private List<GeneratedImage.Made> made(List<PreparedImage> batch) {
    return made(pipeline, batch);
  }

  private static List<GeneratedImage.Made> made(FluxPipeline by, List<PreparedImage> batch) {
    return by.generate(batch, () -> false).images().stream()
        .map(GeneratedImage.Made.class::cast)
        .toList();
  }

  private static PreparedImage without(PreparedImage image) {
    return withThreshold(image, 0);
  }

  private static PreparedImage withThreshold(PreparedImage image, double threshold) {
    GenerationRequest request = image.request().request();
    return prepared(
        request.prompt().orElseThrow(),
        request.seed(),
        Optional.empty(),
        1,
        request.numInferenceSteps(),
        request.guidanceScale(),
        threshold);
  }

  private static PreparedImage request(
      String prompt, long seed, double trueCfgScale, double threshold) {
    return prepared(prompt, seed, Optional.of("rain"), trueCfgScale, STEPS, 3.5, threshold);
  }

  private static PreparedImage prepared(
      String prompt,
      long seed,
      Optional<String> negative,
      double trueCfgScale,
      int steps,
      double guidanceScale,
      double threshold) {
    GenerationRequest request =
        new GenerationRequest(
            prompt,
            Optional.of(prompt),
            Optional.empty(),
            negative,
            trueCfgScale,
            64,
            64,
            steps,
            guidanceScale,
            seed,
            1,
            32,
            TestRules.noPictures(),
            List.of(),
            Optional.empty(),
            new Approximations(0, 1, threshold));
    return new PreparedImage(new ImageRequest(request, 0, prompt), ImageInputs.none(), List.of());
  }

  private static Picture expected(int index) throws IOException {
    BufferedImage image = ImageIO.read(Golden.path(CASE + "/expected_" + index + ".png").toFile());
    int[] values =
        image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    byte[] rgb = new byte[values.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) values[i];
    }
    return new Picture(image.getWidth(), image.getHeight(), rgb);
  }

  private static int largestDifference(Picture a, Picture b) {
    return IntStream.range(0, a.rgb().length)
        .map(i -> Math.abs((a.rgb()[i] & 255) - (b.rgb()[i] & 255)))
        .max()
        .orElseThrow();
  }
}
