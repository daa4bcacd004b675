package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ResamplingTest {
  private static final Pattern NAME = Pattern.compile("(lanczos|bicubic)_(\\d+)x(\\d+)\\.png");

  static List<String> resized() {
    List<String> names =
        GoldenPictures.names("resized").stream().filter(NAME.asMatchPredicate()).toList();
    assertThat(names).hasSizeGreaterThan(20);
    return names;
  }

  @ParameterizedTest
  @MethodSource("resized")
  void resizesAsPillowDoes(String name) throws IOException {
    Picture source = GoldenPictures.expected("resized/source.png");
    Matcher parts = NAME.matcher(name);
    assertThat(parts.matches()).isTrue();
    int width = Integer.parseInt(parts.group(2));
    int height = Integer.parseInt(parts.group(3));

    Picture resized =
        parts.group(1).equals("lanczos")
            ? Resampling.lanczos(source, width, height)
            : Resampling.bicubic(source, width, height);

    assertThat(resized.rgb()).isEqualTo(GoldenPictures.expected("resized/" + name).rgb());
  }

  @Test
  void sameSizeIsTheSamePicture() throws IOException {
    Picture source = GoldenPictures.expected("resized/source.png");

    assertThat(Resampling.lanczos(source, source.width(), source.height())).isSameAs(source);
    assertThat(Resampling.bicubic(source, source.width(), source.height())).isSameAs(source);
  }

  @Property(tries = 200)
  void oneColourStaysThatColour(
      @ForAll byte red,
      @ForAll byte green,
      @ForAll byte blue,
      @ForAll @IntRange(min = 1, max = 60) int from,
      @ForAll @IntRange(min = 1, max = 60) int to) {
    byte[] rgb = new byte[3 * from * 2];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = red;
      rgb[i + 1] = green;
      rgb[i + 2] = blue;
    }

    for (Picture resized :
        List.of(
            Resampling.lanczos(new Picture(from, 2, rgb), to, 3),
            Resampling.bicubic(new Picture(2, from, rgb), 3, to))) {
      for (int i = 0; i < resized.rgb().length; i += 3) {
        assertThat(resized.rgb()).startsWith(red, green, blue);
        assertThat(resized.rgb()[i]).isEqualTo(red);
        assertThat(resized.rgb()[i + 1]).isEqualTo(green);
        assertThat(resized.rgb()[i + 2]).isEqualTo(blue);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0,5", "5,0", "-1,5"})
  void refusesSizesWithoutPixels(int width, int height) throws IOException {
    Picture source = GoldenPictures.expected("resized/source.png");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Resampling.lanczos(source, width, height));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Resampling.bicubic(source, width, height));
  }
}
