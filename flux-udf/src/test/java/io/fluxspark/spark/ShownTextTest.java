package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ShownTextTest {
  @Test
  void isOneLineThatIsCutWhereItIsTooLong() {
    assertThat(ShownText.of(" a\n\t fox ", 5)).isEqualTo("a fox");
    assertThat(ShownText.of("a foxes' den", 5)).isEqualTo("a fox...");
  }

  @Test
  void charactersBeyondTheFirstPlaneAreNotCutInHalf() {
    String foxes = "\uD83E\uDD8A".repeat(3);
    assertThat(ShownText.of(foxes, 3)).isEqualTo(foxes);
    assertThat(ShownText.of(foxes, 2)).isEqualTo("\uD83E\uDD8A".repeat(2) + "...");
  }
}
