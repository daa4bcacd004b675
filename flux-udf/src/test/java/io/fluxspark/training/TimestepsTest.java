package io.fluxspark.training;

import static io.fluxspark.training.Timesteps.Density.LOGIT_NORMAL;
import static io.fluxspark.training.Timesteps.Density.UNIFORM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class TimestepsTest {
  private static double[] drawn(Timesteps timesteps) {
    SplittableRandom random = new SplittableRandom(1);
    return DoubleStream.generate(() -> timesteps.draw(random)).limit(40_000).toArray();
  }

  private static void assertMeanAndDeviation(double[] numbers, double mean, double deviation) {
    double actual = Arrays.stream(numbers).average().orElseThrow();
    double squares = Arrays.stream(numbers).map(x -> (x - actual) * (x - actual)).sum();
    assertThat(actual).isCloseTo(mean, within(5 * deviation / Math.sqrt(numbers.length)));
    assertThat(Math.sqrt(squares / numbers.length)).isCloseTo(deviation, within(0.02 * deviation));
  }

  private static double[] logits(double[] t) {
    return Arrays.stream(t).map(x -> Math.log(x / (1 - x))).toArray();
  }

  @Test
  void uniformOnesAreAsOftenEverywhere() {
    double[] t = drawn(new Timesteps(UNIFORM, 3, 3, 1));

    assertThat(Arrays.stream(t)).allMatch(x -> x >= 0 && x < 1);
    assertMeanAndDeviation(t, 0.5, Math.sqrt(1.0 / 12));
  }

  @Test
  void logitsAreNormal() {
    assertMeanAndDeviation(logits(drawn(new Timesteps(LOGIT_NORMAL, -0.5, 1.5, 1))), -0.5, 1.5);
  }

  /** s t / (1 + (s - 1) t) adds log s to the logit. */
  @Test
  void aShiftMovesTheLogits() {
    assertMeanAndDeviation(logits(drawn(new Timesteps(LOGIT_NORMAL, 0, 1, 3))), Math.log(3), 1);
  }
}
