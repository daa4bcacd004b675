package io.fluxspark.training;

import static io.fluxspark.training.LearningRate.Decay.CONSTANT;
import static io.fluxspark.training.LearningRate.Decay.COSINE;
import static io.fluxspark.training.LearningRate.Decay.LINEAR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LearningRateTest {
  @ParameterizedTest
  @CsvSource({
    "CONSTANT, 1, 0.5",
    "CONSTANT, 4, 2",
    "CONSTANT, 5, 2",
    "CONSTANT, 12, 2",
    "LINEAR, 4, 2",
    "LINEAR, 6, 1.5",
    "LINEAR, 12, 0",
    "LINEAR, 13, 0",
    "COSINE, 2, 1",
    "COSINE, 6, 1.7071067811865475",
    "COSINE, 8, 1",
    "COSINE, 12, 0"
  })
  void goesUpInAStraightLineAndThenAlongTheCurve(
      LearningRate.Decay decay, long step, double expected) {
    assertThat(new LearningRate(2, 4, decay, 12).at(step)).isCloseTo(expected, within(1e-12));
  }

  @Test
  void withoutWarmUpTheFirstStepIsOnTheCurve() {
    assertThat(new LearningRate(2, 0, CONSTANT, 10).at(1)).isEqualTo(2);
    assertThat(new LearningRate(2, 0, LINEAR, 10).at(1)).isCloseTo(1.8, within(1e-12));
    assertThat(new LearningRate(2, 0, COSINE, 1).at(1)).isCloseTo(0, within(1e-12));
  }
}
