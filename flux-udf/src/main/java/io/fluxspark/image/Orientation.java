package io.fluxspark.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a camera was held: a number from 1, upright, to 8 (EXIF 2.3, 4.6.4, tag 274). */
final class Orientation {
  static final int UPRIGHT = 1;

  private static final int TAG = 274;
  private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};
  private static final int ENTRY = 12;
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final Pattern XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");

  private Orientation() {}

  /**
   * The orientation in EXIF, which may begin with its name.
   *
   * @return empty where there is none, also in damaged EXIF, which spoils no picture
   */
  static OptionalInt ofExif(byte[] exif) {
    int start = 0;
    while (start + EXIF.length <= exif.length
        && Arrays.equals(exif, start, start + EXIF.length, EXIF, 0, EXIF.length)) {
      start += EXIF.length;
    }
    ByteBuffer tiff = ByteBuffer.wrap(exif, start, exif.length - start).slice();
    if (tiff.remaining() < 8) {
      return OptionalInt.empty();
    }
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    return tiff.getShort(2) == 42
        ? inDirectory(tiff, Integer.toUnsignedLong(tiff.getInt(4)))
        : OptionalInt.empty();
  }

  private static OptionalInt inDirectory(ByteBuffer tiff, long place) {
    if (place > tiff.limit() - 2) {
      return OptionalInt.empty();
    }
    int count = tiff.getShort((int) place) & 0xFFFF;
    int first = (int) place + 2;
    for (int i = 0; i < count && first + (i + 1) * ENTRY <= tiff.limit(); i++) {
      int entry = first + i * ENTRY;
      boolean isIt = (tiff.getShort(entry) & 0xFFFF) == TAG && tiff.getInt(entry + 4) == 1;
      if (isIt && tiff.getShort(entry + 2) == SHORT) {
        return OptionalInt.of(tiff.getShort(entry + 8) & 0xFFFF);
      } else if (isIt && tiff.getShort(entry + 2) == LONG) {
        return OptionalInt.of(tiff.getInt(entry + 8));
      }
    }
    return OptionalInt.empty();
  }

  /** The orientation in XMP. */
  static OptionalInt ofXmp(byte[] xmp) {
    Matcher orientation = XMP.matcher(new String(xmp, StandardCharsets.ISO_8859_1));
    return orientation.find()
        ? OptionalInt.of(Integer.parseInt(orientation.group(1)))
        : OptionalInt.empty();
  }

  /**
   * The picture, upright.
   *
   * @param orientation anything but 2 to 8 leaves it as it is
   */
  static Picture upright(Picture picture, int orientation) {
    int width = picture.width();
    int height = picture.height();
    int last = width * height - 1;
    return switch (orientation) {
      case 2 -> moved(picture, width, height, width - 1, -1, width);
      case 3 -> moved(picture, width, height, last, -1, -width);
      case 4 -> moved(picture, width, height, last - (width - 1), 1, -width);
      case 5 -> moved(picture, height, width, 0, width, 1);
      case 6 -> moved(picture, height, width, last - (width - 1), -width, 1);
      case 7 -> moved(picture, height, width, last, -width, -1);
      case 8 -> moved(picture, height, width, width - 1, width, -1);
      default -> picture;
    };
  }

  /**
   * @param first which of the picture's pixels comes first
   * @param right how far from a pixel its right neighbour is
   * @param down how far from a pixel its lower neighbour is
   */
  private static Picture moved(
      Picture picture, int width, int height, int first, int right, int down) {
    byte[] from = picture.rgb();
    byte[] to = new byte[from.length];
    int place = 0;
    for (int y = 0; y < height; y++) {
      int pixel = first + y * down;
      for (int x = 0; x < width; x++) {
        to[place++] = from[3 * pixel];
        to[place++] = from[3 * pixel + 1];
        to[place++] = from[3 * pixel + 2];
        pixel += right;
      }
    }
    return new Picture(width, height, to);
  }
}
