package io.fluxspark.image;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Other sizes of a picture, as Pillow's {@code Image.resize} makes them.
 *
 * <p>Each output pixel is a weighted mean of the pixels around its centre, first along one side and
 * then along the other, with rounding to 8 bits in between. Where a picture shrinks, the filter is
 * stretched by the ratio, so that every pixel counts. Weights are fixed-point numbers. A pass that
 * would change nothing is left out, so the same size gives the same picture. Rows come first, as in
 * every version of Pillow; but where the height shrinks much more than the width, columns do, as in
 * Pillow since 13.
 */
public final class Resampling {
  private static final int CHANNELS = 3;

  private Resampling() {}

  /**
   * Resizes with {@code LANCZOS}, a sinc of three lobes.
   *
   * @throws IllegalArgumentException when the new size has no pixels
   */
  public static Picture lanczos(Picture picture, int width, int height) {
    return resized(picture, width, height, Filter.LANCZOS);
  }

  /**
   * Resizes with {@code BICUBIC}, Keys' cubic with a = -0.5.
   *
   * @throws IllegalArgumentException when the new size has no pixels
   */
  public static Picture bicubic(Picture picture, int width, int height) {
    return resized(picture, width, height, Filter.BICUBIC);
  }

  private static Picture resized(Picture picture, int width, int height, Filter filter) {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "a picture of " + width + " x " + height + " has no pixels");
    }
    boolean mostlyLower =
        height < picture.height() && picture.height() - height > 2L * picture.width() - 2L * width;
    return mostlyLower
        ? toWidth(toHeight(picture, height, filter), width, filter)
        : toHeight(toWidth(picture, width, filter), height, filter);
  }

  private static Picture toWidth(Picture picture, int width, Filter filter) {
    return picture.width() == width ? picture : alongRows(picture, width, filter);
  }

  private static Picture toHeight(Picture picture, int height, Filter filter) {
    return picture.height() == height ? picture : alongColumns(picture, height, filter);
  }

  private static Picture alongRows(Picture picture, int width, Filter filter) {
    Taps taps = Taps.of(picture.width(), width, filter);
    byte[] from = picture.rgb();
    byte[] to = new byte[CHANNELS * width * picture.height()];
    int[] row = new int[CHANNELS * picture.width()];
    int place = 0;
    for (int y = 0; y < picture.height(); y++) {
      for (int i = 0, start = y * row.length; i < row.length; i++) {
        row[i] = from[start + i] & 255;
      }
      for (int x = 0; x < width; x++) {
        int red = Taps.HALF;
        int green = Taps.HALF;
        int blue = Taps.HALF;
        int pixel = CHANNELS * taps.first[x];
        for (int weight : taps.weights[x]) {
          red += weight * row[pixel];
          green += weight * row[pixel + 1];
          blue += weight * row[pixel + 2];
          pixel += CHANNELS;
        }
        to[place++] = Taps.toByte(red);
        to[place++] = Taps.toByte(green);
        to[place++] = Taps.toByte(blue);
      }
    }
    return new Picture(width, picture.height(), to);
  }

  private static Picture alongColumns(Picture picture, int height, Filter filter) {
    Taps taps = Taps.of(picture.height(), height, filter);
    byte[] from = picture.rgb();
    byte[] to = new byte[CHANNELS * picture.width() * height];
    int[] sums = new int[CHANNELS * picture.width()];
    for (int y = 0; y < height; y++) {
      Arrays.fill(sums, Taps.HALF);
      int start = taps.first[y] * sums.length;
      for (int weight : taps.weights[y]) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += weight * (from[start + i] & 255);
        }
        start += sums.length;
      }
      for (int i = 0; i < sums.length; i++) {
        to[y * sums.length + i] = Taps.toByte(sums[i]);
      }
    }
    return new Picture(picture.width(), height, to);
  }

  private enum Filter {
    LANCZOS(3, x -> sinc(x) * sinc(x / 3)),
    BICUBIC(2, Filter::keys);

    /** The filter is zero from here on. */
    private final double support;

    private final DoubleUnaryOperator kernel;

    Filter(double support, DoubleUnaryOperator kernel) {
      this.support = support;
      this.kernel = kernel;
    }

    double at(double x) {
      return Math.abs(x) < support ? kernel.applyAsDouble(x) : 0;
    }

    private static double sinc(double x) {
      return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    }

    /** Keys, Cubic Convolution Interpolation for Digital Image Processing (1981). */
    private static double keys(double x) {
      double distance = Math.abs(x);
      return distance < 1
          ? (1.5 * distance - 2.5) * distance * distance + 1
          : ((-0.5 * distance + 2.5) * distance - 4) * distance + 2;
    }
  }

  /**
   * Which pixels of a line make each pixel of the resized line, and with what weights.
   *
   * @param first the first pixel, for each output pixel
   * @param weights of that pixel and those behind it; their sum is 1, with {@value #BITS} bits
   *     behind the point
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
  private record Taps(int[] first, int[][] weights) {
    /** 32 bits of a sum, less 8 of a channel, less 2 for sums that overshoot. */
    private static final int BITS = 32 - 8 - 2;

    private static final int HALF = 1 << (BITS - 1);

    static Taps of(int from, int to, Filter filter) {
      double ratio = (double) from / to;
      double stretch = Math.max(ratio, 1);
      double support = filter.support * stretch;
      Taps taps = new Taps(new int[to], new int[to][]);
      for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * ratio;
        int first = Math.max((int) (centre - support + 0.5), 0);
        int end = Math.min((int) (centre + support + 0.5), from);
        double[] weights = new double[end - first];
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
          weights[k] = filter.at((first + k - centre + 0.5) / stretch);
          sum += weights[k];
        }
        taps.first[i] = first;
        taps.weights[i] = fixedPoint(weights, sum);
      }
      return taps;
    }

    /** Rounded half away from zero. */
    private static int[] fixedPoint(double[] weights, double sum) {
      int[] fixed = new int[weights.length];
      for (int k = 0; k < fixed.length; k++) {
        double scaled = weights[k] / sum * (1 << BITS);
        fixed[k] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      }
      return fixed;
    }

    static byte toByte(int sum) {
      return (byte) Math.min(Math.max(sum >> BITS, 0), 255);
    }
  }
}
