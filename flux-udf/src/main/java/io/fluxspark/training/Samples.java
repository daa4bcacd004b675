package io.fluxspark.training;

import io.fluxspark.image.Picture;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.image.PictureFormat;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Pictures side by side, as one. */
final class Samples {
  private static final int MARGIN = 4;
  private static final byte WHITE = (byte) 255;

  private Samples() {}

  /**
   * A PNG file of a sheet.
   *
   * @param pictures at least one; each gets the room of the largest
   * @param columns pictures in a row
   * @param parameters that the file names
   */
  static byte[] sheet(List<Picture> pictures, int columns, Map<String, String> parameters) {
    int width = pictures.stream().mapToInt(Picture::width).max().orElseThrow() + MARGIN;
    int height = pictures.stream().mapToInt(Picture::height).max().orElseThrow() + MARGIN;
    int rows = (pictures.size() + columns - 1) / columns;
    int sheetWidth = columns * width + MARGIN;
    byte[] rgb = new byte[3 * sheetWidth * (rows * height + MARGIN)];
    Arrays.fill(rgb, WHITE);
    for (int i = 0; i < pictures.size(); i++) {
      Picture picture = pictures.get(i);
      int left = i % columns * width + MARGIN;
      int top = i / columns * height + MARGIN;
      for (int y = 0; y < picture.height(); y++) {
        System.arraycopy(
            picture.rgb(),
            3 * y * picture.width(),
            rgb,
            3 * ((top + y) * sheetWidth + left),
            3 * picture.width());
      }
    }
    Picture sheet = new Picture(sheetWidth, rows * height + MARGIN, rgb);
    return PictureEncoder.of(PictureFormat.PNG).encode(sheet, 100, parameters);
  }
}
