package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.image.Picture;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.image.PictureFormat;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ThumbnailTest {
  private static final String START = "data:image/jpeg;base64,";

  @ParameterizedTest
  @EnumSource(PictureFormat.class)
  void filesOfEveryFormatAreShrunk(PictureFormat format) throws Exception {
    BufferedImage thumbnail = thumbnail(halves(1600, 1000, format));

    assertThat(thumbnail.getWidth()).isEqualTo(384);
    assertThat(thumbnail.getHeight()).isEqualTo(240);
    assertThat(thumbnail.getRGB(100, 120) & 0xFF).isLessThan(8);
    assertThat(thumbnail.getRGB(280, 120) & 0xFF).isGreaterThan(247);
  }

  @ParameterizedTest
  @CsvSource({
    "1024, 1024, 384, 384",
    "16, 2048, 3, 384",
    "2048, 1, 384, 1",
    "384, 16, 384, 16",
    "385, 16, 384, 16",
    "48, 32, 48, 32"
  })
  void theShapeStays(int width, int height, int thumbnailWidth, int thumbnailHeight)
      throws Exception {
    BufferedImage thumbnail = thumbnail(halves(width, height, PictureFormat.PNG));

    assertThat(thumbnail.getWidth()).isEqualTo(thumbnailWidth);
    assertThat(thumbnail.getHeight()).isEqualTo(thumbnailHeight);
  }

  @Test
  void everyPixelCounts() throws Exception {
    // Columns of black and white: whoever skips some gets black or white, not the grey between.
    byte[] rgb = new byte[3 * 1536 * 1536];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % 2 == 0 ? 0 : 255);
    }

    BufferedImage thumbnail = thumbnail(file(new Picture(1536, 1536, rgb), PictureFormat.PNG));

    assertThat(IntStream.of(thumbnail.getRGB(0, 0, 384, 384, null, 0, 384)))
        .allMatch(pixel -> Math.abs((pixel & 0xFF) - 127) < 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no picture", "RIFF....WEBP....", "\u0089PNG\r\n\u001a\n"})
  void whatIsNoPictureIsRefused(String file) {
    byte[] bytes = file.getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> Thumbnail.dataUri(bytes)).isInstanceOf(IOException.class);
  }

  /** The left half black, the right half white. */
  private static byte[] halves(int width, int height, PictureFormat format) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (2 * (i / 3 % width) < width ? 0 : 255);
    }
    return file(new Picture(width, height, rgb), format);
  }

  private static byte[] file(Picture picture, PictureFormat format) {
    return PictureEncoder.of(format).encode(picture, 95, Map.of("prompt", "halves"));
  }

  private static BufferedImage thumbnail(byte[] file) throws IOException {
    String uri = Thumbnail.dataUri(file);
    assertThat(uri).startsWith(START);
    byte[] jpeg = Base64.getDecoder().decode(uri.substring(START.length()));
    return ImageIO.read(new ByteArrayInputStream(jpeg));
  }
}
