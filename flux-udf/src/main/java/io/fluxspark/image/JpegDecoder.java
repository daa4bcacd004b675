package io.fluxspark.image;

import java.io.IOException;

/**
 * JPEG: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK. CMYK is taken for inverted, as
 * Pillow does it. Java's reader gets the file without its application segments and converts no
 * colours.
 */
final class JpegDecoder implements PictureFileDecoder {
  private static final JavaReader READER = JavaReader.of("jpeg");

  @Override
  public boolean accepts(byte[] file) {
    return file.length >= 3 && file[0] == -1 && file[1] == (byte) 0xD8 && file[2] == -1;
  }

  @Override
  public Picture decode(byte[] file, PixelLimit limit) throws IOException {
    JpegSegments segments = JpegSegments.of(file, 0, file.length);
    limit.check(segments.width(), segments.height());
    Picture picture = colours(segments).picture(READER.raster(segments.pixels()));
    return Orientation.upright(picture, segments.orientation());
  }

  /** By the rules of libjpeg. */
  private static Colours colours(JpegSegments segments) {
    int transform = segments.adobeTransform();
    return switch (segments.components().length()) {
      case 1 -> Colours.greyUpTo(255);
      case 3 -> {
        boolean rgb =
            !segments.isJfif()
                && (transform == JpegSegments.NO_ADOBE
                    ? segments.components().equals("RGB")
                    : transform == 0);
        yield rgb ? Colours::rgb : Colours::yCbCr;
      }
      default -> transform > 0 ? Colours::invertedYcck : Colours::invertedCmyk;
    };
  }
}
