package io.fluxspark.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DrawsTest {
  private static final double[] WEIGHTS = {1, 2, 3, 0.5, 8};
  private static final List<String> BUCKETS = List.of("a", "b", "a", "b", "a");

  @Test
  void eachExampleIsDrawnAsOftenAsItsWeightSays() {
    Draws draws = new Draws(1, WEIGHTS, BUCKETS);
    int steps = 20_000;
    int[] counts = new int[WEIGHTS.length];
    for (int step = 1; step <= steps; step++) {
      for (int drawn : draws.examples(draws.random(step, -1), 2)) {
        counts[drawn]++;
      }
    }
    double all = Arrays.stream(WEIGHTS).sum();
    for (int i = 0; i < counts.length; i++) {
      double share = WEIGHTS[i] / all;
      // Both of a batch are of one bucket, so that their number varies up to twice as much.
      double deviation = Math.sqrt(2 * share * (1 - share) / (2.0 * steps));
      assertThat((double) counts[i] / (2 * steps)).isCloseTo(share, within(5 * deviation));
    }
  }

  @Test
  void aBatchIsOfOneBucket() {
    Draws draws = new Draws(2, WEIGHTS, BUCKETS);
    for (int step = 1; step <= 200; step++) {
      assertThat(
              Arrays.stream(draws.examples(draws.random(step, -1), 6))
                  .mapToObj(BUCKETS::get)
                  .distinct())
          .hasSize(1);
    }
  }

  @Test
  void aStepAlwaysDrawsTheSame() {
    Draws draws = new Draws(3, WEIGHTS, BUCKETS);
    int[] first = draws.examples(draws.random(7, -1), 50);

    assertThat(new Draws(3, WEIGHTS, BUCKETS).examples(draws.random(7, -1), 50)).isEqualTo(first);
    assertThat(draws.examples(draws.random(8, -1), 50)).isNotEqualTo(first);
    assertThat(draws.examples(draws.random(7, -2), 50)).isNotEqualTo(first);
    Draws other = new Draws(4, WEIGHTS, BUCKETS);
    assertThat(other.examples(other.random(7, -1), 50)).isNotEqualTo(first);
  }
}
