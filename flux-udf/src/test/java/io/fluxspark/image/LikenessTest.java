package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LikenessTest {
  private static Likeness bar(int size, int left, int width) {
    byte[] rgb = new byte[3 * size * size];
    for (int y = 0; y < size; y++) {
      for (int x = left; x < left + width; x++) {
        rgb[3 * (y * size + x)] = (byte) 255;
      }
    }
    return Likeness.of(new Picture(size, size, rgb));
  }

  @Test
  void theSamePictureIsNoDistanceAway() {
    assertThat(bar(64, 10, 20).distance(bar(64, 10, 20))).isZero();
    assertThat(bar(64, 16, 32).distance(bar(128, 32, 64)))
        .isLessThan(bar(64, 16, 32).distance(bar(64, 20, 32)) / 10);
  }

  @Test
  void aShiftCostsLessThanAnotherPicture() {
    Likeness bar = bar(64, 10, 20);

    assertThat(bar.distance(bar(64, 11, 20))).isPositive();
    assertThat(bar.distance(bar(64, 11, 20))).isLessThan(bar.distance(bar(64, 40, 20)) / 10);
    assertThat(bar.distance(bar(64, 12, 20))).isEqualTo(bar(64, 12, 20).distance(bar));
  }
}
