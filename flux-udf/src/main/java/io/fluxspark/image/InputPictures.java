package io.fluxspark.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;

/** Stub until merged. */
public final class InputPictures {
  private InputPictures() {}

  /** Stub. */
  public static Picture decode(byte[] file, int maxPixels) {
    try {
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(file));
      byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
      for (int i = 0; i < rgb.length / 3; i++) {
        int value = image.getRGB(i % image.getWidth(), i / image.getWidth());
        rgb[3 * i] = (byte) (value >> 16);
        rgb[3 * i + 1] = (byte) (value >> 8);
        rgb[3 * i + 2] = (byte) value;
      }
      return new Picture(image.getWidth(), image.getHeight(), rgb);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
