package io.fluxspark.image;

/**
 * A decoded picture: 8 bits a channel, red, green, blue, rows from the top, no padding.
 *
 * @param rgb {@code height * width * 3} bytes; not copied, so the caller gives it away
 */
@SuppressWarnings(
    "ArrayRecordComponent") // a picture is never compared; copying megabytes for safety would cost
public record Picture(int width, int height, byte[] rgb) {
  public Picture {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "a picture of " + width + " x " + height + " has no pixels");
    }
    if (rgb.length != 3L * width * height) {
      throw new IllegalArgumentException(
          "a picture of "
              + width
              + " x "
              + height
              + " has "
              + 3L * width * height
              + " bytes, not "
              + rgb.length);
    }
  }
}
