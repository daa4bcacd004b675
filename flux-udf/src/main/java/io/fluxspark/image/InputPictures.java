package io.fluxspark.image;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/** Decodes the picture files that requests bring. Safe for use by several threads. */
public final class InputPictures {
  private InputPictures() {}

  /**
   * Decodes a PNG, JPEG, WebP, GIF, BMP or TIFF file, which is known by its first bytes.
   *
   * @param maxPixels a picture that has more is refused before any memory is taken for it
   * @throws FluxSparkException {@code INVALID_ROW}, with a message to stand behind the file's name
   */
  public static Picture decode(byte[] file, int maxPixels) {
    ImageReader reader = reader(file);
    try (BytesInput in = new BytesInput(file)) {
      reader.setInput(in, true, true);
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      if ((long) width * height > maxPixels) {
        throw invalid(
            "has " + width + " x " + height + " pixels; at most " + maxPixels + " are read", null);
      }
      return picture(reader.read(0));
    } catch (IOException e) {
      throw invalid("is cut off or damaged: " + e.getMessage(), e);
    } finally {
      reader.dispose();
    }
  }

  private static ImageReader reader(byte[] file) {
    String start = new String(file, 0, Math.min(file.length, 16), StandardCharsets.ISO_8859_1);
    if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
      return new WebPImageReaderSpi().createReaderInstance(null);
    } else if (start.startsWith("\u0089PNG\r\n\u001a\n")) {
      return javasOwn("png");
    } else if (start.startsWith("\u00ff\u00d8\u00ff")) {
      return javasOwn("jpeg");
    } else if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) {
      return javasOwn("gif");
    } else if (start.startsWith("BM")) {
      return javasOwn("bmp");
    } else if (start.startsWith("II*\0") || start.startsWith("MM\0*")) {
      return javasOwn("tiff");
    }
    throw invalid(
        "is no picture that can be read; PNG, JPEG, WebP, GIF, BMP or TIFF is needed", null);
  }

  private static ImageReader javasOwn(String format) {
    Iterable<ImageReader> readers = () -> ImageIO.getImageReadersByFormatName(format);
    return StreamSupport.stream(readers.spliterator(), false)
        .filter(reader -> reader.getClass().getModule() == ImageIO.class.getModule())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("this Java has no reader of " + format));
  }

  private static Picture picture(BufferedImage image) {
    byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
    int[] row = new int[image.getWidth()];
    int place = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      image.getRGB(0, y, row.length, 1, row, 0, row.length);
      for (int pixel : row) {
        rgb[place++] = (byte) (pixel >> 16);
        rgb[place++] = (byte) (pixel >> 8);
        rgb[place++] = (byte) pixel;
      }
    }
    return new Picture(image.getWidth(), image.getHeight(), rgb);
  }

  private static FluxSparkException invalid(String problem, Throwable cause) {
    return new FluxSparkException(ErrorCode.INVALID_ROW, problem, cause);
  }
}
