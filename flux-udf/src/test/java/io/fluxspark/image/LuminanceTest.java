package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class LuminanceTest {
  @Test
  void isPillows() throws IOException {
    Picture source = GoldenPictures.expected("resized/source.png");
    byte[] expected = GoldenPictures.expected("luminance.png").rgb();

    byte[] luminance = Luminance.of(source);

    assertThat(luminance).hasSize(source.width() * source.height());
    for (int i = 0; i < luminance.length; i++) {
      assertThat(luminance[i]).isEqualTo(expected[3 * i]);
    }
  }

  @Test
  void ofGreyIsThatGrey() {
    for (int grey = 0; grey < 256; grey++) {
      byte value = (byte) grey;

      assertThat(Luminance.of(new Picture(1, 1, new byte[] {value, value, value})))
          .containsExactly(value);
    }
  }
}
