package io.fluxspark.image;

import java.awt.image.Raster;

/**
 * What a pixel's samples mean: a function from them to red, green and blue, in the lowest 24 bits.
 * The formulas are those of libjpeg and Pillow, so that the numbers are.
 */
@FunctionalInterface
interface Colours {
  /**
   * The colour of a pixel.
   *
   * @param at where the pixel's samples begin
   */
  int of(int[] samples, int at);

  /** The picture of a raster's pixels. */
  default Picture picture(Raster raster) {
    int width = raster.getWidth();
    int bands = raster.getNumBands();
    byte[] rgb = new byte[Math.multiplyExact(3 * width, raster.getHeight())];
    int[] row = new int[bands * width];
    int place = 0;
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        int pixel = of(row, bands * x);
        rgb[place++] = (byte) (pixel >> 16);
        rgb[place++] = (byte) (pixel >> 8);
        rgb[place++] = (byte) pixel;
      }
    }
    return new Picture(width, raster.getHeight(), rgb);
  }

  /** Red, green, blue of 8 bits. */
  static int rgb(int[] samples, int at) {
    return packed(samples[at], samples[at + 1], samples[at + 2]);
  }

  /** Red, green, blue of 16 bits. */
  static int deepRgb(int[] samples, int at) {
    return packed(samples[at] >> 8, samples[at + 1] >> 8, samples[at + 2] >> 8);
  }

  /** Luminance of 16 bits. */
  static int deepGrey(int[] samples, int at) {
    return grey(samples[at] >> 8);
  }

  /** Luminance of 16 bits; Pillow's conversion takes what is above 255 for white. */
  static int clippedGrey(int[] samples, int at) {
    return grey(Math.min(samples[at], 255));
  }

  /** Luminance from 0 to {@code white}, of at most 8 bits. */
  static Colours greyUpTo(int white) {
    return (samples, at) -> grey(samples[at] * 255 / white);
  }

  /** Places in a palette of packed colours. A place that is not in it is black. */
  static Colours inPalette(int[] palette) {
    return (samples, at) -> samples[at] < palette.length ? palette[samples[at]] : 0;
  }

  /** Packed colours of a palette of red, green, blue. */
  static int[] palette(byte[] rgb) {
    int[] palette = new int[rgb.length / 3];
    for (int i = 0; i < palette.length; i++) {
      palette[i] = packed(rgb[3 * i] & 255, rgb[3 * i + 1] & 255, rgb[3 * i + 2] & 255);
    }
    return palette;
  }

  /** Y, Cb and Cr as JFIF defines them. */
  static int yCbCr(int[] samples, int at) {
    int y = samples[at];
    int cb = samples[at + 1] - 128;
    int cr = samples[at + 2] - 128;
    return packed(
        clipped(y + (91_881 * cr + 0x8000 >> 16)),
        clipped(y + (-22_554 * cb - 46_802 * cr + 0x8000 >> 16)),
        clipped(y + (116_130 * cb + 0x8000 >> 16)));
  }

  /** Cyan, magenta, yellow and black, of 8 bits; 0 is no ink. */
  static int cmyk(int[] samples, int at) {
    return inked(samples[at], samples[at + 1], samples[at + 2], samples[at + 3]);
  }

  /** The same of 16 bits. */
  static int deepCmyk(int[] samples, int at) {
    return inked(
        samples[at] >> 8, samples[at + 1] >> 8, samples[at + 2] >> 8, samples[at + 3] >> 8);
  }

  /** The same of 8 bits, but 255 is no ink: Adobe's way to write JPEG. */
  static int invertedCmyk(int[] samples, int at) {
    return inked(
        255 - samples[at], 255 - samples[at + 1], 255 - samples[at + 2], 255 - samples[at + 3]);
  }

  /** Inverted CMYK whose first three were written as Y, Cb and Cr of what they leave of light. */
  static int invertedYcck(int[] samples, int at) {
    int ink = yCbCr(samples, at);
    return inked(ink >> 16, ink >> 8 & 255, ink & 255, 255 - samples[at + 3]);
  }

  /** Red, green, blue and alpha of 8 bits, by which the others were multiplied. */
  static int premultiplied(int[] samples, int at) {
    int alpha = samples[at + 3];
    return packed(
        divided(samples[at], alpha),
        divided(samples[at + 1], alpha),
        divided(samples[at + 2], alpha));
  }

  static int packed(int red, int green, int blue) {
    return red << 16 | green << 8 | blue;
  }

  private static int grey(int luminance) {
    return packed(luminance, luminance, luminance);
  }

  private static int inked(int cyan, int magenta, int yellow, int black) {
    int light = 255 - black;
    return packed(absorbed(cyan, light), absorbed(magenta, light), absorbed(yellow, light));
  }

  /** {@code light - ink * light / 255}, rounded. */
  private static int absorbed(int ink, int light) {
    return clipped(light - (2 * ink * light + 255) / 510);
  }

  private static int divided(int sample, int alpha) {
    return alpha == 0 ? 0 : clipped(255 * sample / alpha);
  }

  private static int clipped(int value) {
    return Math.min(Math.max(value, 0), 255);
  }
}
