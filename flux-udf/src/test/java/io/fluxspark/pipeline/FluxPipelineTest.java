package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.TestRules;
import io.fluxspark.weights.LoraFile;
import io.fluxspark.weights.LoraTerms;
import io.fluxspark.weights.StoredType;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FluxPipelineTest {
  @TempDir private Path temp;
  private long openBefore;

  @BeforeEach
  void countOpenValues() {
    openBefore = TensorScope.openValues();
  }

  @AfterEach
  void nothingIsLeftOpen() {
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev/cases/one",
        "dev/cases/two",
        "dev/cases/true_cfg",
        "dev/cases/img2img",
        "dev/cases/inpaint",
        "fill/cases/one",
        "control/cases/one",
        "dev/cases/lora",
        "kontext/cases/edit",
        "schnell/cases/one",
        "single/dev/cases/one",
        "single/schnell/cases/one",
        "float8/plain/cases/one",
        "float8/scaled/cases/one",
        "float8/diffusers/cases/one"
      })
  void picturesAreDiffusers(String caseName) throws IOException {
    List<Picture> pictures = generate(caseName, DataType.FLOAT32);

    for (int i = 0; i < pictures.size(); i++) {
      assertThat(largestDifference(pictures.get(i), expected(caseName, i))).isLessThanOrEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev/cases/two",
        "dev/cases/true_cfg",
        "dev/cases/lora",
        "float8/plain/cases/one",
        "float8/scaled/cases/one"
      })
  void picturesAreTheSameWithWeightsInTheHostsMemory(String caseName) throws IOException {
    List<Picture> pictures = generate(caseName, DataType.FLOAT32, EnumSet.allOf(Offload.class));

    for (int i = 0; i < pictures.size(); i++) {
      assertThat(largestDifference(pictures.get(i), expected(caseName, i))).isLessThanOrEqualTo(1);
    }
  }

  /** What diffusers' encoders gave, in place of the texts that it gave it for. */
  @ParameterizedTest
  @ValueSource(strings = {"dev/cases/one", "dev/cases/two", "dev/cases/true_cfg"})
  void givenEmbeddingsGiveThePicturesOfTheirTexts(String caseName) throws IOException {
    List<PreparedImage> batch = GoldenRequests.withEmbeddings(caseName);
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), DataType.FLOAT32)) {
      GeneratedBatch made = pipeline.generate(batch, () -> false);
      for (int i = 0; i < batch.size(); i++) {
        assertThat(largestDifference(made(made).get(i), expected(caseName, i)))
            .isLessThanOrEqualTo(1);
        assertThat(((GeneratedImage.Made) made.images().get(i)).cut())
            .isEqualTo(GeneratedImage.CutTokens.NONE);
      }
    }
  }

  @Test
  void singleFilesGiveTheSamePicturesAsParts() throws IOException {
    Path parts = Golden.copy("dev", temp.resolve("parts"));
    Golden.change(
        "dev/transformer/config.json",
        parts.resolve("transformer"),
        "axes_dims_rope",
        "[4, 14, 14]");
    Golden.change("dev/vae/config.json", parts.resolve("vae"), "norm_num_groups", "16");
    List<PreparedImage> requests = GoldenRequests.of("single/dev/cases/one");
    try (FluxPipeline pipeline =
        FluxPipeline.load(ModelFolder.open(parts), Device.cpu(), DataType.FLOAT32)) {
      assertThat(generate("single/dev/cases/one", DataType.FLOAT32).get(0).rgb())
          .isEqualTo(made(pipeline.generate(requests, () -> false)).get(0).rgb());
    }
  }

  /** Also where the guidance scale is worked into the weights, as the LoRA is. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFusedLoraGivesItsPictures(boolean isGuidanceFixed) throws IOException {
    ModelFolder base = ModelFolder.open(Golden.path("dev"));
    PreparedImage image = GoldenRequests.of("dev/cases/lora").get(0);
    GenerationRequest request = image.request().request();
    LoraTerms.Scaled lora =
        new LoraTerms.Scaled(
            LoraFile.open(image.loraFiles().get(0)), request.loras().get(0).scale());
    Path fused = temp.resolve("fused");
    try (Parameters weights =
        isGuidanceFixed
            ? FusedLora.weights(base, lora, request.guidanceScale())
            : FusedLora.weights(base, lora)) {
      ModelWriter.write(base, fused, Map.of("transformer", weights), StoredType.F32);
    }
    ModelWriter.configure(
        fused, "transformer", config -> config.put("guidance_embeds", !isGuidanceFixed));

    PreparedImage plain =
        GoldenRequests.withoutLoras(image, isGuidanceFixed ? 0 : request.guidanceScale());
    try (FluxPipeline pipeline =
        FluxPipeline.load(ModelFolder.open(fused), Device.cpu(), DataType.FLOAT32)) {
      Picture picture = made(pipeline.generate(List.of(plain), () -> false)).get(0);
      assertThat(largestDifference(picture, expected("dev/cases/lora", 0))).isLessThanOrEqualTo(1);
    }
  }

  /** The numbers are those of diffusers' own bfloat16, from the scripts that made the cases. */
  @ParameterizedTest
  @CsvSource({
    "dev/cases/one, 0, 9.3",
    "dev/cases/two, 0, 9.9",
    "dev/cases/two, 1, 13.1",
    "schnell/cases/one, 0, 2.8",
    "float8/plain/cases/one, 0, 3.3",
    "float8/scaled/cases/one, 0, 11.3"
  })
  void bfloat16IsAboutAsCloseAsDiffusers(String caseName, int index, double diffusers)
      throws IOException {
    Picture picture = generate(caseName, DataType.BFLOAT16).get(index);

    assertThat(meanDifference(picture, expected(caseName, index)))
        .isGreaterThan(0)
        .isLessThanOrEqualTo(1.3 * diffusers);
  }

  @Test
  void float16IsCloserThanBfloat16() throws IOException {
    Picture half = generate("dev/cases/one", DataType.FLOAT16).get(0);
    Picture brain = generate("dev/cases/one", DataType.BFLOAT16).get(0);
    BufferedImage expected = expected("dev/cases/one", 0);

    assertThat(meanDifference(half, expected)).isLessThan(meanDifference(brain, expected));
  }

  @Test
  void neighboursInABatchChangeNothing() {
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));
    List<PreparedImage> requests =
        IntStream.range(0, 5).mapToObj(i -> request("picture " + i, i, 1.5 + i)).toList();
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), DataType.FLOAT32)) {
      List<Picture> together = made(pipeline.generate(requests, () -> false));
      List<Picture> again = made(pipeline.generate(requests, () -> false));
      for (int i = 0; i < requests.size(); i++) {
        Picture alone = made(pipeline.generate(List.of(requests.get(i)), () -> false)).get(0);
        assertThat(largestDifference(alone, together.get(i))).isLessThanOrEqualTo(1);
        assertThat(again.get(i).rgb()).isEqualTo(together.get(i).rgb());
      }
    }
  }

  /** Its neighbours' texts are known then, or only some of them, or none. */
  @Test
  void aPictureDoesNotDependOnTheTextsThatAreKnown() {
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));
    List<PreparedImage> batch =
        List.of(request("fox", 1, 2), request("hen", 2, 2), request("fox", 3, 2));
    List<byte[]> known = new ArrayList<>();
    List<byte[]> unknown = new ArrayList<>();
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), DataType.FLOAT32)) {
      GeneratedBatch first = pipeline.generate(batch, () -> false);
      assertThat(first.textsEncoded()).isEqualTo(2);
      made(first).forEach(picture -> unknown.add(picture.rgb()));
    }
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), DataType.FLOAT32)) {
      pipeline.generate(List.of(request("hen", 9, 2), request("owl", 9, 2)), () -> false);
      GeneratedBatch second = pipeline.generate(batch, () -> false);
      assertThat(second.textsEncoded()).isEqualTo(1);
      made(second).forEach(picture -> known.add(picture.rgb()));
      assertThat(pipeline.generate(batch, () -> false).textsEncoded()).isZero();
    }
    assertThat(known).containsExactlyElementsOf(unknown);
  }

  @Test
  void aNegativePromptIsATextThatIsEncodedOnce() {
    List<PreparedImage> batch = GoldenRequests.of("dev/cases/true_cfg");
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), DataType.FLOAT32)) {
      assertThat(pipeline.generate(batch, () -> false).textsEncoded()).isEqualTo(2);
      assertThat(pipeline.generate(batch, () -> false).textsEncoded()).isZero();
      assertThat(
              pipeline
                  .generate(GoldenRequests.withEmbeddings("dev/cases/true_cfg"), () -> false)
                  .textsEncoded())
          .isZero();
    }
  }

  @Test
  void endsBetweenStepsOnceCancelled() {
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));
    AtomicInteger asked = new AtomicInteger();
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), DataType.FLOAT32)) {
      assertThatThrownBy(
              () ->
                  pipeline.generate(List.of(request("a", 1, 1)), () -> asked.incrementAndGet() > 1))
          .isInstanceOfSatisfying(
              FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERRUPTED));
      assertThat(asked).hasValue(2);
    }
  }

  @Test
  void picturesThatAreNotFiniteFailAlone() {
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));
    List<PreparedImage> batch =
        List.of(request("a", 1, 1), request("b", 2, 1e38), request("c", 3, 1));
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), DataType.FLOAT32)) {
      List<GeneratedImage> images = pipeline.generate(batch, () -> false).images();

      assertThat(images.get(0)).isInstanceOf(GeneratedImage.Made.class);
      assertThat(images.get(1))
          .isInstanceOfSatisfying(
              GeneratedImage.Failed.class,
              failed -> assertThat(failed.failure().code()).isEqualTo(ErrorCode.NOT_FINITE));
      assertThat(images.get(2)).isInstanceOf(GeneratedImage.Made.class);
    }
  }

  private List<Picture> generate(String caseName, DataType type) {
    return generate(caseName, type, Set.of());
  }

  private List<Picture> generate(String caseName, DataType type, Set<Offload> offload) {
    ModelFolder folder =
        ModelFolder.open(Golden.model(caseName.split("/cases/")[0], temp.resolve("model")));
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), type, offload)) {
      return made(pipeline.generate(GoldenRequests.of(caseName), () -> false));
    }
  }

  private static List<Picture> made(GeneratedBatch batch) {
    return batch.images().stream().map(image -> ((GeneratedImage.Made) image).picture()).toList();
  }

  private static PreparedImage request(String prompt, long seed, double guidanceScale) {
    GenerationRequest request =
        new GenerationRequest(
            prompt,
            Optional.of(prompt),
            Optional.empty(),
            Optional.empty(),
            1,
            32,
            48,
            3,
            guidanceScale,
            seed,
            1,
            16,
            TestRules.noPictures(),
            List.of(),
            Optional.empty(),
            Approximations.NONE);
    return new PreparedImage(new ImageRequest(request, 0, prompt), ImageInputs.none(), List.of());
  }

  private static BufferedImage expected(String caseName, int index) throws IOException {
    return ImageIO.read(Golden.path(caseName + "/expected_" + index + ".png").toFile());
  }

  private static int largestDifference(Picture actual, BufferedImage expected) {
    return differences(actual, expected).max().orElseThrow();
  }

  private static int largestDifference(Picture a, Picture b) {
    return IntStream.range(0, a.rgb().length)
        .map(i -> Math.abs((a.rgb()[i] & 255) - (b.rgb()[i] & 255)))
        .max()
        .orElseThrow();
  }

  private static double meanDifference(Picture actual, BufferedImage expected) {
    return differences(actual, expected).average().orElseThrow();
  }

  private static IntStream differences(Picture actual, BufferedImage expected) {
    assertThat(actual.width()).isEqualTo(expected.getWidth());
    assertThat(actual.height()).isEqualTo(expected.getHeight());
    return IntStream.range(0, actual.rgb().length)
        .map(
            i -> {
              int pixel = i / 3;
              int rgb = expected.getRGB(pixel % actual.width(), pixel / actual.width());
              int channel = (rgb >> (16 - 8 * (i % 3))) & 255;
              return Math.abs((actual.rgb()[i] & 255) - channel);
            });
  }
}
