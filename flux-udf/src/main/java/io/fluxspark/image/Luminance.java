package io.fluxspark.image;

/**
 * The luminance of a picture as Pillow's {@code convert("L")} computes it: ITU-R BT.601 in fixed
 * point of 16 bits.
 */
public final class Luminance {
  private static final int RED = 19_595; // 0.299 * 65536
  private static final int GREEN = 38_470; // 0.587 * 65536
  private static final int BLUE = 7_471; // 0.114 * 65536
  private static final int HALF = 0x8000;

  private Luminance() {}

  /**
   * One byte a pixel, 0 to 255, rows from the top.
   *
   * @return {@code height * width} bytes
   */
  public static byte[] of(Picture picture) {
    byte[] rgb = picture.rgb();
    byte[] luminance = new byte[picture.width() * picture.height()];
    for (int i = 0; i < luminance.length; i++) {
      int red = rgb[3 * i] & 255;
      int green = rgb[3 * i + 1] & 255;
      int blue = rgb[3 * i + 2] & 255;
      luminance[i] = (byte) ((red * RED + green * GREEN + blue * BLUE + HALF) >> 16);
    }
    return luminance;
  }
}
