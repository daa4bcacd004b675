package io.fluxspark.training;

import io.fluxspark.image.Picture;
import io.fluxspark.image.Resampling;

/**
 * Brings pictures to sizes that share batches: about {@code resolution} squared pixels, sides that
 * are multiples of {@code multiple}, the shape nearest to the picture's own, at most 2 : 1. What
 * does not fit is cut off on both sides alike.
 *
 * @param resolution side of a square picture, a multiple of {@code multiple}
 */
record Framing(int resolution, int multiple) {
  private static final double LONGEST = 2;

  Picture frame(Picture picture) {
    double shape = (double) picture.width() / picture.height();
    double ratio = Math.max(1 / LONGEST, Math.min(LONGEST, shape));
    int width = rounded(resolution * Math.sqrt(ratio));
    int height = rounded(resolution / Math.sqrt(ratio));
    return cover(picture, width, height);
  }

  /** A picture of a size; what does not fit is cut off on both sides alike. */
  static Picture cover(Picture picture, int width, int height) {
    double scale = Math.max((double) width / picture.width(), (double) height / picture.height());
    Picture covering =
        Resampling.lanczos(
            picture,
            Math.max(width, (int) Math.round(picture.width() * scale)),
            Math.max(height, (int) Math.round(picture.height() * scale)));
    return cut(covering, width, height);
  }

  private int rounded(double side) {
    return Math.max(multiple, (int) Math.round(side / multiple) * multiple);
  }

  private static Picture cut(Picture picture, int width, int height) {
    if (picture.width() == width && picture.height() == height) {
      return picture;
    }
    int left = (picture.width() - width) / 2;
    int top = (picture.height() - height) / 2;
    byte[] rgb = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      System.arraycopy(
          picture.rgb(), 3 * ((top + y) * picture.width() + left), rgb, 3 * y * width, 3 * width);
    }
    return new Picture(width, height, rgb);
  }
}
