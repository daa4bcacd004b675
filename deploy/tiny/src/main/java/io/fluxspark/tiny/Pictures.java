package io.fluxspark.tiny;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.image.Resampling;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Pictures as Java draws them, always in RGB without transparency. */
final class Pictures {
  private static final int CHANNELS = 3;

  private Pictures() {}

  static BufferedImage white(int width, int height) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    graphics.dispose();
    return picture;
  }

  /**
   * Reads a picture; what is transparent becomes white.
   *
   * @throws FluxSparkException {@code INPUT_OUTPUT} where it cannot be read
   */
  static BufferedImage read(Path file) {
    try {
      return decode(Files.readAllBytes(file), file.toString());
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * @param where what the bytes are, for messages
   */
  static BufferedImage decode(byte[] bytes, String where) {
    BufferedImage decoded;
    try {
      decoded = ImageIO.read(new ByteArrayInputStream(bytes));
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, where + ": cannot be read: " + e.getMessage(), e);
    }
    if (decoded == null) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, where + ": is no picture that Java reads; PNG or JPEG is needed");
    }
    BufferedImage picture = white(decoded.getWidth(), decoded.getHeight());
    Graphics2D graphics = picture.createGraphics();
    graphics.drawImage(decoded, 0, 0, null);
    graphics.dispose();
    return picture;
  }

  /** Writes a PNG. */
  static void write(BufferedImage picture, Path file) {
    try {
      ImageIO.write(picture, "png", file.toFile());
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /** The same pixels. */
  static Picture pixels(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    int[] pixels = picture.getRGB(0, 0, width, height, null, 0, width);
    byte[] rgb = new byte[CHANNELS * pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      rgb[CHANNELS * i] = (byte) (pixels[i] >> 16);
      rgb[CHANNELS * i + 1] = (byte) (pixels[i] >> 8);
      rgb[CHANNELS * i + 2] = (byte) pixels[i];
    }
    return new Picture(width, height, rgb);
  }

  /** The picture, made square. */
  static BufferedImage scaled(BufferedImage picture, int size) {
    byte[] to = Resampling.bicubic(pixels(picture), size, size).rgb();
    BufferedImage scaled = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < size * size; i++) {
      scaled.setRGB(
          i % size,
          i / size,
          (to[CHANNELS * i] & 255) << 16
              | (to[CHANNELS * i + 1] & 255) << 8
              | to[CHANNELS * i + 2] & 255);
    }
    return scaled;
  }

  /** The picture as a mirror shows it: left is right. */
  static BufferedImage mirrored(BufferedImage picture) {
    BufferedImage mirrored = white(picture.getWidth(), picture.getHeight());
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        mirrored.setRGB(picture.getWidth() - 1 - x, y, picture.getRGB(x, y));
      }
    }
    return mirrored;
  }

  /** The root of the mean squared difference of all values, of 255. */
  static double difference(BufferedImage a, BufferedImage b) {
    double sum = 0;
    for (int y = 0; y < a.getHeight(); y++) {
      for (int x = 0; x < a.getWidth(); x++) {
        for (int shift = 0; shift <= 16; shift += 8) {
          int difference = (a.getRGB(x, y) >> shift & 0xff) - (b.getRGB(x, y) >> shift & 0xff);
          sum += difference * difference;
        }
      }
    }
    return Math.sqrt(sum / (3.0 * a.getWidth() * a.getHeight()));
  }
}
