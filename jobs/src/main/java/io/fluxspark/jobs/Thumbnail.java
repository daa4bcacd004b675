package io.fluxspark.jobs;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import com.luciad.imageio.webp.WebPReader;
import io.fluxspark.image.Picture;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.image.PictureFormat;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Makes picture files small enough for hundreds of them on one page. */
final class Thumbnail {
  /** Sharp in a column of 220 pixels, also where a screen has two of its own for each. */
  static final int LONGEST_SIDE = 384;

  private static final int QUALITY = 85;
  private static final int CHANNELS = 3;
  private static final int WEBP_NAME = 8;

  private Thumbnail() {}

  /**
   * The picture as a JPEG in a {@code data:} address, its longest side at most {@value
   * #LONGEST_SIDE} pixels. A smaller picture keeps its size.
   *
   * @param file a PNG, JPEG or WebP file
   * @throws IOException when it is none
   */
  static String dataUri(byte[] file) throws IOException {
    BufferedImage picture = read(file);
    if (picture == null) {
      throw new IOException("a picture file of no known kind");
    }
    byte[] jpeg =
        PictureEncoder.of(PictureFormat.JPEG).encode(shrunk(pixels(picture)), QUALITY, Map.of());
    return "data:image/jpeg;base64," + Base64.getEncoder().encodeToString(jpeg);
  }

  private static BufferedImage read(byte[] file) throws IOException {
    ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file));
    if (!isWebp(file)) {
      return ImageIO.read(in);
    }
    // made here, not found by ImageIO: ImageIO does not look into jars that Spark adds later
    WebPReader reader = new WebPReader(new WebPImageReaderSpi());
    try {
      reader.setInput(in);
      return reader.read(0);
    } finally {
      reader.dispose();
    }
  }

  private static boolean isWebp(byte[] file) {
    return file.length > WEBP_NAME + 4
        && new String(file, WEBP_NAME, 4, StandardCharsets.US_ASCII).equals("WEBP");
  }

  private static Picture pixels(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    byte[] rgb = new byte[CHANNELS * width * height];
    int next = 0;
    for (int pixel : picture.getRGB(0, 0, width, height, null, 0, width)) {
      rgb[next++] = (byte) (pixel >> 2 * Byte.SIZE);
      rgb[next++] = (byte) (pixel >> Byte.SIZE);
      rgb[next++] = (byte) pixel;
    }
    return new Picture(width, height, rgb);
  }

  private static Picture shrunk(Picture picture) {
    int longest = Math.max(picture.width(), picture.height());
    if (longest <= LONGEST_SIDE) {
      return picture;
    }
    double factor = (double) LONGEST_SIDE / longest;
    int width = (int) Math.max(1, Math.round(picture.width() * factor));
    int height = (int) Math.max(1, Math.round(picture.height() * factor));
    return narrowedAndTurned(narrowedAndTurned(picture, width), height);
  }

  /**
   * Columns averaged to fewer, which become the rows. Each new one is the mean of all that it
   * covers, so that no pixel is skipped. Not by Java2D, whose canvas may want a display.
   */
  private static Picture narrowedAndTurned(Picture picture, int columns) {
    int height = picture.height();
    byte[] from = picture.rgb();
    byte[] to = new byte[CHANNELS * columns * height];
    double covered = (double) picture.width() / columns;
    for (int column = 0; column < columns; column++) {
      double start = column * covered;
      double end = Math.min(start + covered, picture.width());
      for (int row = 0; row < height; row++) {
        for (int channel = 0; channel < CHANNELS; channel++) {
          double sum = 0;
          for (int x = (int) start; x < end; x++) {
            int value = from[CHANNELS * (row * picture.width() + x) + channel] & 0xFF;
            sum += value * (Math.min(x + 1, end) - Math.max(x, start));
          }
          to[CHANNELS * (column * height + row) + channel] = (byte) Math.round(sum / covered);
        }
      }
    }
    return new Picture(height, columns, to);
  }
}
