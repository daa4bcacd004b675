package io.fluxspark.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.image.Picture;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FramingTest {
  @ParameterizedTest
  @CsvSource({
    "100, 100, 64, 64",
    "64, 64, 64, 64",
    "20, 21, 64, 64",
    "200, 100, 96, 48",
    "300, 50, 96, 48",
    "50, 300, 48, 96",
    "130, 100, 80, 64",
    "1, 1, 64, 64"
  })
  void sidesAreMultiplesInAboutTheShapeOfThePicture(int width, int height, int w, int h) {
    Picture framed = new Framing(64, 16).frame(columns(width, height));

    assertThat(framed.width()).isEqualTo(w);
    assertThat(framed.height()).isEqualTo(h);
  }

  @Test
  void whatIsTooMuchIsCutOffOnBothSidesAlike() {
    Picture framed = new Framing(64, 16).frame(columns(192, 48));

    assertThat(framed.width()).isEqualTo(96);
    for (int x = 0; x < 96; x++) {
      assertThat(framed.rgb()[3 * (47 * 96 + x)]).isEqualTo((byte) (48 + x));
    }
  }

  @Test
  void aPictureThatFitsStaysAsItIs() {
    Picture given = columns(96, 48);

    assertThat(new Framing(64, 16).frame(given).rgb()).isEqualTo(given.rgb());
  }

  @Test
  void oneColourStaysOneColour() {
    byte[] grey = new byte[3 * 37 * 91];
    Arrays.fill(grey, (byte) 77);

    assertThat(new Framing(32, 16).frame(new Picture(37, 91, grey)).rgb()).containsOnly(77);
  }

  /** Each column's values are its number. */
  private static Picture columns(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % width);
    }
    return new Picture(width, height, rgb);
  }
}
