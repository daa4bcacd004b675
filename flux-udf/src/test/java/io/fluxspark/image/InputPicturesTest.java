package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class InputPicturesTest {
  private static final int PIXELS = 100_000;

  /**
   * All other files are decoded to the very numbers, JPEG and lossy WebP too. Where only the rows
   * of the colours are halved, libjpeg-turbo interpolates them, and libjpeg 6b, which some builds
   * of Java have, does not.
   */
  private static final Map<String, Integer> DIFFERENCES = Map.of("ycc.tif", 1, "ycc_440.jpg", 3);

  static List<String> files() {
    return GoldenPictures.names("files");
  }

  @ParameterizedTest
  @MethodSource("files")
  void decodesWhatPillowDecodes(String name) throws IOException {
    Picture expected = GoldenPictures.expected("expected/" + name + ".png");

    Picture decoded = InputPictures.decode(GoldenPictures.file(name), PIXELS);

    assertThat(decoded.width()).isEqualTo(expected.width());
    assertThat(decoded.height()).isEqualTo(expected.height());
    assertThat(largestDifference(decoded.rgb(), expected.rgb()))
        .isLessThanOrEqualTo(DIFFERENCES.getOrDefault(name, 0));
  }

  @Test
  void everyKindHasFiles() {
    assertThat(Stream.of(".png", ".jpg", ".webp", ".gif", ".bmp", ".tif"))
        .allMatch(ending -> files().stream().filter(name -> name.endsWith(ending)).count() > 10);
  }

  @ParameterizedTest
  @EnumSource
  void decodesWhatIsEncodedHere(PictureFormat format) {
    Picture picture = new Picture(2, 1, new byte[] {10, 20, 30, 10, 20, 30});
    byte[] file = PictureEncoder.of(format).encode(picture, 100, Map.of("prompt", "a sea"));

    Picture decoded = InputPictures.decode(file, PIXELS);

    assertThat(largestDifference(decoded.rgb(), picture.rgb())).isLessThanOrEqualTo(2);
  }

  @Test
  void doesNotChangeTheFile() {
    for (String name : files()) {
      byte[] file = GoldenPictures.file(name);
      byte[] before = file.clone();

      InputPictures.decode(file, PIXELS);

      assertThat(Arrays.equals(file, before)).as(name).isTrue();
    }
  }

  @Test
  void threadsDoNotDisturbEachOther() throws ExecutionException, InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<Boolean>> results =
          IntStream.range(0, 8)
              .boxed()
              .flatMap(round -> files().stream())
              .map(name -> threads.submit(() -> isDecoded(name)))
              .toList();
      for (Future<Boolean> result : results) {
        assertThat(result.get()).isTrue();
      }
    } finally {
      threads.shutdown();
    }
  }

  private static boolean isDecoded(String name) throws IOException {
    return largestDifference(
            InputPictures.decode(GoldenPictures.file(name), PIXELS).rgb(),
            GoldenPictures.expected("expected/" + name + ".png").rgb())
        <= DIFFERENCES.getOrDefault(name, 0);
  }

  /** As on an executor thread whose class loader knows nothing of this project. */
  @Test
  void needsNoContextClassLoader() throws IOException {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
    try {
      for (String name : files()) {
        assertThat(isDecoded(name)).as(name).isTrue();
      }
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static int largestDifference(byte[] one, byte[] other) {
    assertThat(one).hasSameSizeAs(other);
    int largest = 0;
    for (int i = 0; i < one.length; i++) {
      largest = Math.max(largest, Math.abs((one[i] & 255) - (other[i] & 255)));
    }
    return largest;
  }
}
