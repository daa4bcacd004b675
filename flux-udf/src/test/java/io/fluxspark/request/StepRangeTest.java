package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StepRangeTest {
  private static final RequestRules RULES = TestRules.of(RequestDefaults.dev(), 2048, 0);

  /** The steps in which {@code ClassifierFreeGuidance} of diffusers 0.42.1 says it is enabled. */
  @ParameterizedTest
  @CsvSource({
    "0, 1, 4, 0, 4",
    "0.25, 0.75, 4, 1, 3",
    "0, 0.5, 5, 0, 2",
    "0.29, 1, 100, 28, 100",
    "0.1, 0.9, 28, 2, 25",
    "0.3, 0.7, 20, 6, 14",
    "0.5, 0.5, 8, 0, 0",
    "0.7, 0.7000001, 10, 0, 0",
    "0.99, 1, 50, 49, 50",
    "0, 0.01, 50, 0, 0",
    "0.57, 0.58, 100, 56, 57",
    "0.2, 0.999, 1, 0, 0"
  })
  void theStepsBetweenTwoFractionsAreDiffusers(
      double start, double stop, int steps, int from, int to) {
    StepRange range = StepRange.between(start, stop, steps);

    assertThat(range).isEqualTo(new StepRange(from, to));
    assertThat(IntStream.range(0, steps).filter(range::contains))
        .containsExactlyElementsOf(IntStream.range(from, to).boxed().toList());
    assertThat(range.count()).isEqualTo(to - from);
  }

  @Test
  void aRangeDoesNotEndBeforeItBegins() {
    assertThatThrownBy(() -> new StepRange(3, 2)).hasMessage("no steps from 3 to 2");
    assertThatThrownBy(() -> new Approximations(0.6, 0.5, 0))
        .hasMessage("true guidance from 0.6 to 0.5 of the steps");
    assertThatThrownBy(() -> new Approximations(0, 1, 1.5))
        .hasMessage("a first-block cache with a threshold of 1.5");
  }

  @Test
  void guidedStepsAreCountedFromTheFirstThatIsMade() {
    GenerationRequest request = read(Map.of("true_cfg_start", 0.25, "true_cfg_stop", "0.5"));
    ImageRequest image = new ImageRequest(request, 0, "key");

    assertThat(request.guided()).isEqualTo(new StepRange(5, 10));
    assertThat(request.approximationsUsed()).containsExactly("true_cfg_range");
    assertThat(image.bucket().transformerCalls()).isEqualTo(20 + 5);
    assertThat(image.bucket().trueCfg()).isTrue();
    GenerationRequest later = request.withInputs(TestRules.noPictures());
    assertThat(later.guided()).isEqualTo(request.guided());
  }

  @Test
  void whatGuidesInAllStepsOrNotAtAllIsNoApproximation() {
    GenerationRequest all = read(Map.of("true_cfg_start", 0.04));
    assertThat(all.guided()).isEqualTo(StepRange.all(20));
    assertThat(all.approximationsUsed()).isEmpty();
    GenerationRequest unguided = read(Map.of("true_cfg_start", 0.5, "true_cfg_scale", 1));
    assertThat(unguided.guided()).isEqualTo(StepRange.NONE);
    assertThat(unguided.approximationsUsed()).isEmpty();
    GenerationRequest never = read(Map.of("true_cfg_start", 0.5, "true_cfg_stop", 0.5));
    assertThat(never.guided()).isEqualTo(StepRange.NONE);
    assertThat(never.approximationsUsed()).containsExactly("true_cfg_range");
    assertThat(new ImageRequest(never, 0, "key").bucket().transformerCalls()).isEqualTo(20);
  }

  private static GenerationRequest read(Map<String, ?> row) {
    Map<String, Object> all = new java.util.HashMap<>();
    all.putAll(Map.of("prompt", "a fox", "negative_prompt", "rain", "true_cfg_scale", 3));
    all.putAll(Map.of("num_inference_steps", 20, "seed", 1));
    all.putAll(row);
    return RULES.read(all);
  }
}
