package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HostilePicturesTest {
  /** More than any of the pictures that are there needs, and far less than the files claim. */
  private static final int PIXELS = 10_000_000;

  /** Of the Java heap, for one file: three pictures of {@link #PIXELS}, or text of a PNG. */
  private static final long MOST_BYTES = 96 << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  static Stream<Arguments> refused() {
    return arguments(HostilePictures.refused());
  }

  static Stream<Arguments> decoded() {
    return arguments(HostilePictures.decoded());
  }

  private static Stream<Arguments> arguments(Map<String, byte[]> files) {
    return files.entrySet().stream().map(file -> Arguments.of(file.getKey(), file.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void areRefusedInOneLine(String name, byte[] file) {
    long before = THREADS.getCurrentThreadAllocatedBytes();

    assertThatExceptionOfType(FluxSparkException.class)
        .isThrownBy(() -> InputPictures.decode(file, PIXELS))
        .satisfies(
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ROW);
              assertThat(e.getMessage())
                  .matches("(is no picture|is cut off or damaged: |is [A-Z]+ of a kind|has ).*")
                  .matches("[ -~]{10,300}")
                  .doesNotContain("Exception");
            });

    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_BYTES);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("decoded")
  void takeNoMoreThanTheirPixels(String name, byte[] file) {
    long before = THREADS.getCurrentThreadAllocatedBytes();

    Picture picture = InputPictures.decode(file, PIXELS);

    assertThat(picture.width()).isOne();
    assertThat(picture.height()).isOne();
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_BYTES / 8);
  }

  @Test
  void saysWhatIsTooLarge() {
    assertThatExceptionOfType(FluxSparkException.class)
        .isThrownBy(
            () ->
                InputPictures.decode(
                    HostilePictures.refused().get("PNG of 100000 x 100000"), PIXELS))
        .withMessage("has 100000 x 100000 pixels; at most 10000000 are read");
  }

  @Test
  void saysWhatIsNoPicture() {
    assertThatExceptionOfType(FluxSparkException.class)
        .isThrownBy(() -> InputPictures.decode(HostilePictures.refused().get("SVG"), PIXELS))
        .withMessage("is no picture that can be read; PNG, JPEG, WebP, GIF, BMP or TIFF is needed");
  }

  @Test
  void theLimitIsInclusive() {
    byte[] file = GoldenPictures.file("rgb.png"); // 37 x 23

    assertThat(InputPictures.decode(file, 37 * 23).rgb()).hasSize(3 * 37 * 23);
    assertThatExceptionOfType(FluxSparkException.class)
        .isThrownBy(() -> InputPictures.decode(file, 37 * 23 - 1))
        .withMessage("has 37 x 23 pixels; at most 850 are read");
  }
}
