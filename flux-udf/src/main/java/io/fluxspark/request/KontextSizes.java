package io.fluxspark.request;

import java.util.List;

/**
 * Sizes of FLUX.1 Kontext's pictures. It was trained with pictures of about one megapixel, in the
 * sizes of {@link #PREFERRED}; diffusers' {@code FluxKontextPipeline} brings its input to the one
 * whose shape is nearest, and its output to that area.
 */
public final class KontextSizes {
  private static final double MAX_AREA = 1024 * 1024;

  /** Width and height. */
  private static final List<Size> PREFERRED =
      List.of(
          new Size(672, 1568),
          new Size(688, 1504),
          new Size(720, 1456),
          new Size(752, 1392),
          new Size(800, 1328),
          new Size(832, 1248),
          new Size(880, 1184),
          new Size(944, 1104),
          new Size(1024, 1024),
          new Size(1104, 944),
          new Size(1184, 880),
          new Size(1248, 832),
          new Size(1328, 800),
          new Size(1392, 752),
          new Size(1456, 720),
          new Size(1504, 688),
          new Size(1568, 672));

  private KontextSizes() {}

  /** A size in pixels. */
  public record Size(int width, int height) {}

  /** The size of about one megapixel with the shape of another. */
  static Size output(int width, int height) {
    double aspectRatio = (double) width / height;
    return multiple(
        (int) Math.rint(Math.sqrt(MAX_AREA * aspectRatio)),
        (int) Math.rint(Math.sqrt(MAX_AREA / aspectRatio)));
  }

  /** What an input picture is brought to: the preferred size whose shape is nearest. */
  public static Size preferred(int width, int height) {
    double aspectRatio = (double) width / height;
    Size nearest = PREFERRED.get(0);
    for (Size size : PREFERRED) {
      if (distance(size, aspectRatio) < distance(nearest, aspectRatio)) {
        nearest = size;
      }
    }
    return nearest;
  }

  private static double distance(Size size, double aspectRatio) {
    return Math.abs(aspectRatio - (double) size.width() / size.height());
  }

  /** What an input picture is brought to that keeps its size: the multiples of 16 below it. */
  public static Size multiple(int width, int height) {
    return new Size(below(width), below(height));
  }

  private static int below(int pixels) {
    return pixels / RequestLimits.SIZE_MULTIPLE * RequestLimits.SIZE_MULTIPLE;
  }
}
