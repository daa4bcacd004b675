package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.Test;

class PictureScoresTest {
  private static final int SIZE = 96;

  @Test
  void aPictureOfOneColourIsFlatAndNotSharp() {
    PictureScores scores = PictureScores.of(picture((x, y) -> 40));

    assertThat(scores.flatness()).isEqualTo(1);
    assertThat(scores.sharpness()).isZero();
  }

  @Test
  void aBlurredPictureIsLessSharp() {
    PictureScores smooth = PictureScores.of(picture(PictureScoresTest::waves));
    PictureScores checked =
        PictureScores.of(picture((x, y) -> (x / 4 + y / 4) % 2 == 0 ? 20 : 230));

    assertThat(checked.sharpness()).isGreaterThan(100 * smooth.sharpness());
    assertThat(smooth.flatness()).isLessThan(0.2);
  }

  @Test
  void sharpnessIsTheVarianceOfTheLaplacian() {
    // One white pixel in 3 x 3: the only value of the Laplacian there is -4 * 255, its variance 0.
    byte[] dot = new byte[27];
    Arrays.fill(dot, 12, 15, (byte) 255);
    assertThat(PictureScores.of(new Picture(3, 3, dot)).sharpness()).isZero();
    // Two columns further: -1020 and 255.
    byte[] wide = new byte[36];
    Arrays.fill(wide, 15, 18, (byte) 255);
    double mean = (255 - 1020) / 2.0;
    assertThat(PictureScores.of(new Picture(4, 3, wide)).sharpness())
        .isCloseTo((255.0 * 255 + 1020.0 * 1020) / 2 - mean * mean, within(1e-6));
  }

  @Test
  void picturesOfOneColourLookAlike() {
    for (int grey = 0; grey < 256; grey++) {
      int level = grey;
      assertThat(Long.bitCount(hash((x, y) -> level) ^ hash((x, y) -> 128)))
          .as("grey %d", grey)
          .isLessThanOrEqualTo(1);
    }
  }

  @Test
  void picturesThatLookAlikeHaveHashesThatDifferInFewBits() {
    Random random = new Random(1);
    long waves = hash(PictureScoresTest::waves);
    long noisy = hash((x, y) -> waves(x, y) + random.nextInt(9) - 4);
    long brighter = hash((x, y) -> waves(x, y) + 8);
    long other = hash((x, y) -> (int) (127 + 100 * Math.sin(y / 5.0) * Math.cos(x / 3.0)));

    assertThat(Long.bitCount(waves ^ noisy)).isLessThanOrEqualTo(4);
    assertThat(Long.bitCount(waves ^ brighter)).isLessThanOrEqualTo(4);
    assertThat(Long.bitCount(waves ^ other)).isGreaterThan(16);
  }

  @Test
  void onePixelHasScoresToo() {
    PictureScores scores = PictureScores.of(new Picture(1, 1, new byte[] {9, 9, 9}));

    assertThat(scores.flatness()).isEqualTo(1);
  }

  private static int waves(int x, int y) {
    return (int) (127 + 60 * Math.sin(x / 7.0) + 60 * Math.cos(y / 11.0 + x / 20.0));
  }

  private static long hash(IntBinaryOperator grey) {
    return PictureScores.of(picture(grey)).perceptualHash();
  }

  private static Picture picture(IntBinaryOperator grey) {
    byte[] rgb = new byte[3 * SIZE * SIZE];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) Math.max(0, Math.min(255, grey.applyAsInt(i / 3 % SIZE, i / 3 / SIZE)));
    }
    return new Picture(SIZE, SIZE, rgb);
  }
}
