package io.fluxspark.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.luciad.imageio.webp.WebPImageReaderSpi;
import com.luciad.imageio.webp.WebPReader;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.ImageInputStream;
import org.apache.commons.imaging.Imaging;
import org.apache.commons.imaging.formats.jpeg.JpegImageMetadata;
import org.apache.commons.imaging.formats.tiff.TiffImageMetadata;
import org.apache.commons.imaging.formats.tiff.constants.ExifTagConstants;
import org.apache.commons.imaging.formats.webp.WebPImageMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Node;

class PictureEncoderTest {
  private static final Picture PICTURE = waves(50, 37);
  private static final Map<String, String> PARAMETERS =
      Map.of(
          "prompt", "a \"red\" circle\nabove the sea, café",
          "prompt_2", "日本語 😀 \\ / <b>&amp;</b>",
          "negative_prompt", "",
          "seed", "9223372036854775807");

  @Test
  void pngKeepsEveryPixel() throws IOException {
    assertThat(decode(encode(PictureFormat.PNG, 90)).rgb()).isEqualTo(PICTURE.rgb());
  }

  @Test
  void webpKeepsEveryPixelAtFullQuality() throws IOException {
    assertThat(decode(encode(PictureFormat.WEBP, 100)).rgb()).isEqualTo(PICTURE.rgb());
  }

  @ParameterizedTest
  @CsvSource({"JPEG,90,3", "WEBP,90,3", "JPEG,100,2", "WEBP,1,25"})
  void lossyFormatsStayClose(PictureFormat format, int quality, double meanDifference)
      throws IOException {
    assertThat(meanDifference(decode(encode(format, quality)), PICTURE))
        .isCloseTo(0, within(meanDifference));
  }

  @ParameterizedTest
  @EnumSource(names = {"JPEG", "WEBP"})
  void lowerQualityIsSmaller(PictureFormat format) {
    assertThat(encode(format, 20).length).isLessThan(encode(format, 95).length);
  }

  @ParameterizedTest
  @EnumSource
  void keepsParameters(PictureFormat format) throws IOException {
    assertThat(readParameters(format, encode(format, 90))).isEqualTo(PARAMETERS);
  }

  @ParameterizedTest
  @EnumSource
  void needsNoParameters(PictureFormat format) throws IOException {
    byte[] file = PictureEncoder.of(format).encode(PICTURE, 100, Map.of());

    assertThat(meanDifference(decode(file), PICTURE)).isLessThan(2);
  }

  @ParameterizedTest
  @EnumSource
  void sameCallGivesTheSameBytes(PictureFormat format) {
    byte[] once = encode(format, 90);

    assertThat(PictureEncoder.of(format).encode(PICTURE, 90, new HashMap<>(PARAMETERS)))
        .isEqualTo(once);
    assertThat(IntStream.range(0, 32).parallel().mapToObj(i -> encode(format, 90)).toList())
        .allSatisfy(bytes -> assertThat(bytes).isEqualTo(once));
  }

  @ParameterizedTest
  @EnumSource
  void takesSmallAndOddSizes(PictureFormat format) throws IOException {
    for (Picture picture : new Picture[] {waves(1, 1), waves(3, 1), waves(1, 5), waves(17, 16)}) {
      Picture decoded = decode(PictureEncoder.of(format).encode(picture, 100, PARAMETERS));

      assertThat(decoded.width()).isEqualTo(picture.width());
      assertThat(decoded.height()).isEqualTo(picture.height());
    }
  }

  @ParameterizedTest
  @EnumSource
  void keepsTextsThatAreNoValidText(PictureFormat format) throws IOException {
    byte[] file =
        PictureEncoder.of(format).encode(PICTURE, 90, Map.of("prompt", "half \ud83d, nul \0."));

    assertThat(readParameters(format, file)).isEqualTo(Map.of("prompt", "half ?, nul \uFFFD."));
  }

  @ParameterizedTest
  @EnumSource(names = {"PNG", "WEBP"})
  void keepsLongTexts(PictureFormat format) throws IOException {
    Map<String, String> parameters = Map.of("prompt", "日本😀 ".repeat(20_000));

    assertThat(readParameters(format, PictureEncoder.of(format).encode(PICTURE, 90, parameters)))
        .isEqualTo(parameters);
  }

  @Test
  void jpegCutsTextsThatItCannotHold() throws IOException {
    Map<String, String> parameters = Map.of("prompt", "日本😀 ".repeat(20_000), "seed", "7");

    Map<String, String> read =
        readParameters(
            PictureFormat.JPEG,
            PictureEncoder.of(PictureFormat.JPEG).encode(PICTURE, 90, parameters));

    assertThat(read).containsEntry("seed", "7").containsOnlyKeys("prompt", "seed");
    assertThat(read.get("prompt"))
        .startsWith("日本😀 日本😀 ")
        .endsWith("...")
        .hasSizeGreaterThan(1000);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 101, -1})
  void refusesQualitiesThatAreNone(int quality) {
    for (PictureFormat format : PictureFormat.values()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> encode(format, quality))
          .withMessage("image quality is " + quality + "; 1 to 100 is wanted");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " seed", "ключ", "a\nb"})
  void refusesKeysThatAreNone(String key) {
    for (PictureFormat format : PictureFormat.values()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> PictureEncoder.of(format).encode(PICTURE, 90, Map.of(key, "x")))
          .withMessageContaining("cannot name a parameter");
    }
  }

  private static byte[] encode(PictureFormat format, int quality) {
    return PictureEncoder.of(format).encode(PICTURE, quality, PARAMETERS);
  }

  private static Picture waves(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      rgb[i] = (byte) Math.round(128 + 100 * Math.sin((x + i % 3) / 9.0) * Math.cos(y / 7.0));
    }
    return new Picture(width, height, rgb);
  }

  private static double meanDifference(Picture a, Picture b) {
    assertThat(a.rgb()).hasSameSizeAs(b.rgb());
    return IntStream.range(0, a.rgb().length)
        .map(i -> Math.abs((a.rgb()[i] & 0xFF) - (b.rgb()[i] & 0xFF)))
        .average()
        .orElseThrow();
  }

  private static Picture decode(byte[] file) throws IOException {
    BufferedImage image =
        isWebp(file) ? decodeWebp(file) : ImageIO.read(new ByteArrayInputStream(file));
    byte[] rgb = new byte[image.getWidth() * image.getHeight() * 3];
    for (int i = 0; i < rgb.length; i++) {
      int pixel = image.getRGB(i / 3 % image.getWidth(), i / 3 / image.getWidth());
      rgb[i] = (byte) (pixel >> 16 - 8 * (i % 3));
    }
    return new Picture(image.getWidth(), image.getHeight(), rgb);
  }

  private static boolean isWebp(byte[] file) {
    return file[0] == 'R' && file[8] == 'W';
  }

  private static BufferedImage decodeWebp(byte[] file) throws IOException {
    WebPReader reader = new WebPReader(new WebPImageReaderSpi());
    try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(file))) {
      reader.setInput(in);
      return reader.read(0);
    } finally {
      reader.dispose();
    }
  }

  private static Map<String, String> readParameters(PictureFormat format, byte[] file)
      throws IOException {
    return switch (format) {
      case PNG -> readPngTexts(file);
      case JPEG -> readComment(((JpegImageMetadata) Imaging.getMetadata(file)).getExif());
      case WEBP -> readComment(((WebPImageMetadata) Imaging.getMetadata(file)).getExif());
    };
  }

  private static Map<String, String> readComment(TiffImageMetadata exif) throws IOException {
    String json = (String) exif.findField(ExifTagConstants.EXIF_TAG_USER_COMMENT).getValue();
    return new ObjectMapper().readValue(json, new TypeReference<>() {});
  }

  private static Map<String, String> readPngTexts(byte[] file) throws IOException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
    Map<String, String> texts = new HashMap<>();
    try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(file))) {
      reader.setInput(in);
      IIOMetadata metadata = reader.getImageMetadata(0);
      Node root = metadata.getAsTree("javax_imageio_png_1.0");
      for (Node group = root.getFirstChild(); group != null; group = group.getNextSibling()) {
        for (Node text = group.getFirstChild(); text != null; text = text.getNextSibling()) {
          Node value =
              text.getAttributes()
                  .getNamedItem(group.getNodeName().equals("iTXt") ? "text" : "value");
          texts.put(
              text.getAttributes().getNamedItem("keyword").getNodeValue(), value.getNodeValue());
        }
      }
    } finally {
      reader.dispose();
    }
    return texts;
  }
}
