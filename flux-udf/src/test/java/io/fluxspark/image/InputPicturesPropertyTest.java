package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class InputPicturesPropertyTest {
  private static final int PIXELS = 100_000;
  private static final int HEADERS = 100;
  private static final int[] EXTREMES = {
    0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 0xFFFF, 1 << 24
  };

  @Property(tries = 5000)
  void damagedFilesAreDecodedOrRefused(
      @ForAll("files") String name,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 4) int damages) {
    byte[] file = damaged(GoldenPictures.file(name), new Random(seed), damages);
    try {
      Picture picture = InputPictures.decode(file, PIXELS);
      assertThat((long) picture.width() * picture.height()).isBetween(1L, (long) PIXELS);
    } catch (FluxSparkException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ROW);
      assertThat(e.getMessage()).matches("[ -~]+").doesNotContain("Exception");
    }
  }

  /** What several pictures are in, may lose the last; what Java's reader makes up, is not told. */
  @Property(tries = 1000)
  void filesWithoutTheirSecondHalfAreRefused(
      @ForAll("wholeFiles") String name, @ForAll @IntRange(min = 0, max = 50) int percent) {
    byte[] file = GoldenPictures.file(name);

    assertThatExceptionOfType(FluxSparkException.class)
        .as(name)
        .isThrownBy(
            () -> InputPictures.decode(Arrays.copyOf(file, file.length * percent / 100), PIXELS));
  }

  @Provide
  Arbitrary<String> files() {
    return Arbitraries.of(GoldenPictures.names("files"));
  }

  @Provide
  Arbitrary<String> wholeFiles() {
    return Arbitraries.of(
        GoldenPictures.names("files").stream()
            .filter(name -> !name.startsWith("animated") && !name.startsWith("pages"))
            .toList());
  }

  private static byte[] damaged(byte[] bytes, Random random, int damages) {
    byte[] result = bytes;
    for (int i = 0; i < damages && result.length > 4; i++) {
      int most = random.nextBoolean() ? result.length : Math.min(result.length, HEADERS);
      int place = random.nextInt(most);
      switch (random.nextInt(5)) {
        case 0, 1 -> result[place] = (byte) random.nextInt();
        case 2 ->
            ByteBuffer.wrap(result)
                .order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN)
                .putInt(
                    Math.min(place, result.length - Integer.BYTES),
                    EXTREMES[random.nextInt(EXTREMES.length)]);
        case 3 -> result = Arrays.copyOf(result, place);
        default -> {
          byte[] longer = new byte[result.length + 1];
          System.arraycopy(result, 0, longer, 0, place);
          longer[place] = (byte) random.nextInt();
          System.arraycopy(result, place, longer, place + 1, result.length - place);
          result = longer;
        }
      }
    }
    return result;
  }
}
