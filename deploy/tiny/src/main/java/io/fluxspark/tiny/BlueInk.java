package io.fluxspark.tiny;

import java.awt.image.BufferedImage;

/**
 * A style that can be told by numbers: a drawing in one ink on white. The ground stays as it is,
 * since the built-in model's autoencoder has seen no other.
 */
final class BlueInk {
  private static final int RED = 30;
  private static final int GREEN = 70;
  private static final int BLUE = 190;
  private static final int WHITE = 255;

  private BlueInk() {}

  /** A picture in this style: white stays white, black becomes the ink. */
  static BufferedImage of(BufferedImage picture) {
    BufferedImage drawn = Pictures.white(picture.getWidth(), picture.getHeight());
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        int rgb = picture.getRGB(x, y);
        // Luma as ITU-R BT.601 has it.
        double luma = 0.299 * (rgb >> 16 & 0xff) + 0.587 * (rgb >> 8 & 0xff) + 0.114 * (rgb & 0xff);
        drawn.setRGB(x, y, shade(luma, RED) << 16 | shade(luma, GREEN) << 8 | shade(luma, BLUE));
      }
    }
    return drawn;
  }

  private static int shade(double luma, int ink) {
    return (int) Math.round(ink + (WHITE - ink) * luma / WHITE);
  }
}
