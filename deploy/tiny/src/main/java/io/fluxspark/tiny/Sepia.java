package io.fluxspark.tiny;

import java.awt.image.BufferedImage;

/** A style that can be told by numbers: every colour becomes a shade of one brown. */
final class Sepia {
  private static final double RED = 1.0;
  private static final double GREEN = 0.82;
  private static final double BLUE = 0.55;

  private Sepia() {}

  /** A picture in this style; its brightness stays. */
  static BufferedImage of(BufferedImage picture) {
    BufferedImage sepia = Pictures.white(picture.getWidth(), picture.getHeight());
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        int rgb = picture.getRGB(x, y);
        // Luma as ITU-R BT.601 has it.
        double luma = 0.299 * (rgb >> 16 & 0xff) + 0.587 * (rgb >> 8 & 0xff) + 0.114 * (rgb & 0xff);
        sepia.setRGB(x, y, shade(luma * RED) << 16 | shade(luma * GREEN) << 8 | shade(luma * BLUE));
      }
    }
    return sepia;
  }

  private static int shade(double value) {
    return (int) Math.round(value);
  }
}
