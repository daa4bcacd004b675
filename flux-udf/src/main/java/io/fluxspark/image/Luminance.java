package io.fluxspark.image;

/** Stub until merged. */
public final class Luminance {
  private Luminance() {}

  /** Stub. */
  public static byte[] of(Picture picture) {
    byte[] grey = new byte[picture.rgb().length / 3];
    for (int i = 0; i < grey.length; i++) {
      int r = picture.rgb()[3 * i] & 255;
      int g = picture.rgb()[3 * i + 1] & 255;
      int b = picture.rgb()[3 * i + 2] & 255;
      grey[i] = (byte) ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16);
    }
    return grey;
  }
}
