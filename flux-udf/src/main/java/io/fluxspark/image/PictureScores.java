package io.fluxspark.image;

import java.util.Arrays;

/**
 * What a picture's pixels alone say of it. All three are computed on the luminance (ITU-R BT.601).
 *
 * @param perceptualHash pictures that look alike differ in few of the 64 bits: each bit says
 *     whether one of the lowest 8 x 8 frequencies of the picture, shrunk to 32 x 32, is above their
 *     median (pHash: Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions,
 *     2010)
 * @param sharpness variance of the Laplacian, of values from 0 to 255; blurred and empty pictures
 *     have little
 * @param flatness share of the pixels within 2 of 255 of the median: 1 for a picture of one colour
 */
public record PictureScores(long perceptualHash, double sharpness, double flatness) {
  private static final int SHRUNK = 32;
  private static final int FREQUENCIES = 8;
  private static final int SAME = 2;

  /** Of a level of luminance, that frequencies are told apart by. */
  private static final double FRACTIONS = 1000;

  /** The scores of a picture. */
  public static PictureScores of(Picture picture) {
    int[] luminance = luminance(picture);
    return new PictureScores(
        perceptualHash(shrunk(luminance, picture.width(), picture.height())),
        sharpness(luminance, picture.width(), picture.height()),
        flatness(luminance));
  }

  private static int[] luminance(Picture picture) {
    byte[] rgb = picture.rgb();
    int[] luminance = new int[rgb.length / 3];
    for (int i = 0; i < luminance.length; i++) {
      luminance[i] =
          (299 * (rgb[3 * i] & 255) + 587 * (rgb[3 * i + 1] & 255) + 114 * (rgb[3 * i + 2] & 255))
              / 1000;
    }
    return luminance;
  }

  /** Means of the areas of a grid of {@value #SHRUNK} x {@value #SHRUNK}. */
  private static double[][] shrunk(int[] luminance, int width, int height) {
    double[][] small = new double[SHRUNK][SHRUNK];
    for (int row = 0; row < SHRUNK; row++) {
      int top = row * height / SHRUNK;
      int bottom = Math.max(top + 1, (row + 1) * height / SHRUNK);
      for (int column = 0; column < SHRUNK; column++) {
        int left = column * width / SHRUNK;
        int right = Math.max(left + 1, (column + 1) * width / SHRUNK);
        double sum = 0;
        for (int y = top; y < bottom; y++) {
          for (int x = left; x < right; x++) {
            sum += luminance[y * width + x];
          }
        }
        small[row][column] = sum / ((bottom - top) * (right - left));
      }
    }
    return small;
  }

  private static long perceptualHash(double[][] small) {
    double[] frequencies = new double[FREQUENCIES * FREQUENCIES];
    for (int v = 0; v < FREQUENCIES; v++) {
      for (int u = 0; u < FREQUENCIES; u++) {
        double sum = 0;
        for (int y = 0; y < SHRUNK; y++) {
          for (int x = 0; x < SHRUNK; x++) {
            sum += small[y][x] * cosine(u, x) * cosine(v, y);
          }
        }
        // Without rounding errors, which would be all that there is of a picture of one colour.
        frequencies[v * FREQUENCIES + u] = Math.rint(sum * FRACTIONS) / FRACTIONS;
      }
    }
    double[] sorted = Arrays.copyOfRange(frequencies, 1, frequencies.length); // without the mean
    Arrays.sort(sorted);
    double median = sorted[sorted.length / 2];
    long hash = 0;
    for (double frequency : frequencies) {
      hash = hash << 1 | (frequency > median ? 1 : 0);
    }
    return hash;
  }

  private static double cosine(int frequency, int place) {
    return Math.cos(Math.PI * frequency * (place + 0.5) / SHRUNK);
  }

  private static double sharpness(int[] luminance, int width, int height) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    for (int y = 1; y < height - 1; y++) {
      for (int x = 1; x < width - 1; x++) {
        int i = y * width + x;
        int laplacian =
            luminance[i - 1]
                + luminance[i + 1]
                + luminance[i - width]
                + luminance[i + width]
                - 4 * luminance[i];
        sum += laplacian;
        squares += (double) laplacian * laplacian;
        count++;
      }
    }
    return count == 0 ? 0 : squares / count - sum / count * (sum / count);
  }

  private static double flatness(int[] luminance) {
    int[] sorted = luminance.clone();
    Arrays.sort(sorted);
    int median = sorted[sorted.length / 2];
    long same = Arrays.stream(sorted).filter(value -> Math.abs(value - median) <= SAME).count();
    return (double) same / sorted.length;
  }
}
