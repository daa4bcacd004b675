package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Map;
import javax.imageio.ImageIO;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PictureEncoderPropertyTest {
  private static final Picture PICTURE = new Picture(2, 1, new byte[] {1, 2, 3, 4, 5, 6});

  @Property
  void whateverTheParametersSayTheFileIsAPicture(
      @ForAll PictureFormat format, @ForAll("parameters") Map<String, String> parameters)
      throws IOException {
    byte[] file = PictureEncoder.of(format).encode(PICTURE, 90, parameters);

    assertThat(PictureEncoder.of(format).encode(PICTURE, 90, parameters)).isEqualTo(file);
    if (format == PictureFormat.WEBP) {
      int riff = (file[4] & 255) | (file[5] & 255) << 8 | (file[6] & 255) << 16;
      assertThat(riff + 8).isEqualTo(file.length);
    } else {
      var decoded = ImageIO.read(new ByteArrayInputStream(file));
      assertThat(decoded.getWidth()).isEqualTo(2);
      assertThat(decoded.getHeight()).isEqualTo(1);
    }
  }

  @Provide
  Arbitrary<Map<String, String>> parameters() {
    Arbitrary<String> texts =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(60),
            Arbitraries.strings()
                .withChars('\0', '\n', '"', '\\', '<', '\uD800', '\uDC00', '\uFFFF', '\u202E')
                .ofMaxLength(20),
            Arbitraries.integers().between(0, 70_000).map("x"::repeat));
    return Arbitraries.maps(
            Arbitraries.of("prompt", "prompt_2", "negative_prompt", "seed", "a b"), texts)
        .ofMaxSize(5);
  }
}
