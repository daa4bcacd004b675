package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Bucket;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NarrowPicturesTest {
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

  /** The last is how many times as far as bfloat16 a type may be off. */
  @ParameterizedTest
  @CsvSource({
    "dev/cases/true_cfg, INT8, 1.4",
    "dev/cases/lora, INT8, 1.4",
    "float8/scaled/cases/one, INT8, 1.4",
    "dev/cases/true_cfg, FLOAT8_E4M3FN, 3",
    "dev/cases/lora, FLOAT8_E4M3FN, 3",
    "float8/scaled/cases/one, FLOAT8_E4M3FN, 3"
  })
  void isNotFarOff(String caseName, DataType type, double most) {
    ModelFolder folder =
        ModelFolder.open(Golden.model(caseName.split("/cases/")[0], temp.resolve("model")));
    PreparedImage image = GoldenRequests.of(caseName).get(0);
    Picture exact = generate(folder, image, DataType.FLOAT32, Set.of());
    Picture brain = generate(folder, image, DataType.BFLOAT16, Set.of());
    Picture narrow = generate(folder, image, type, Set.of());
    Picture offloaded = generate(folder, image, type, EnumSet.allOf(Offload.class));

    assertThat(narrow.rgb()).isNotEqualTo(brain.rgb());
    assertThat(meanDifference(narrow, exact)).isLessThan(most * meanDifference(brain, exact));
    assertThat(meanDifference(offloaded, exact)).isLessThan(most * meanDifference(brain, exact));
  }

  @Test
  void int8IsRefusedOnAGpu() {
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));

    assertThatThrownBy(() -> FluxPipeline.load(folder, Device.cuda(0), DataType.INT8))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DEVICE_ERROR))
        .hasMessage(
            "dtype int8 needs a CPU that multiplies in it (VNNI), which a GPU is not;"
                + " bfloat16 is right here");
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "FLOAT8_E4M3FN"})
  void takesLessMemoryForWeights(DataType type) {
    Bucket bucket = GoldenRequests.of("dev/cases/one").get(0).request().bucket();
    FluxCost cost = FluxCost.of(ModelFolder.open(Golden.path("dev")));
    ModelMemory brain = cost.memory(bucket, 1, DataType.BFLOAT16, Set.of());
    ModelMemory narrow = cost.memory(bucket, 1, type, Set.of());

    assertThat(brain.weights() - narrow.weights())
        .isEqualTo(cost.inInt8().products())
        .isEqualTo(cost.inFloat8().products())
        .isPositive();
    assertThat(narrow.denoising()).isGreaterThan(brain.denoising());
    assertThat(narrow.encoding()).isEqualTo(brain.encoding());
    assertThat(narrow.decoding()).isEqualTo(brain.decoding());
  }

  @Test
  void whatIsStoredInFloat8StaysSoWhereItIsNotMultiplied() {
    ModelFolder folder = ModelFolder.open(Golden.model("float8/scaled", temp.resolve("model")));
    Bucket bucket = GoldenRequests.of("float8/scaled/cases/one").get(0).request().bucket();
    FluxCost cost = FluxCost.of(folder);
    ModelMemory converted = cost.memory(bucket, 1, DataType.BFLOAT16, Set.of());
    ModelMemory narrow = cost.memory(bucket, 1, DataType.FLOAT8_E4M3FN, Set.of());

    assertThat(narrow.weights()).isEqualTo(converted.weights());
  }

  private static Picture generate(
      ModelFolder folder, PreparedImage image, DataType type, Set<Offload> offload) {
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), type, offload)) {
      GeneratedBatch batch = pipeline.generate(List.of(image), () -> false);
      return ((GeneratedImage.Made) batch.images().get(0)).picture();
    }
  }

  private static double meanDifference(Picture a, Picture b) {
    return IntStream.range(0, a.rgb().length)
        .map(i -> Math.abs((a.rgb()[i] & 255) - (b.rgb()[i] & 255)))
        .average()
        .orElseThrow();
  }
}
