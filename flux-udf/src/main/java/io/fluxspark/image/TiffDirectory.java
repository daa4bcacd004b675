package io.fluxspark.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * The first directory of a TIFF file (TIFF, Revision 6.0, section 2), with the tags that pixels and
 * orientation need.
 *
 * @param order of the bytes of a number
 * @param tags values by number
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TiffDirectory(byte[] file, ByteOrder order, Map<Integer, long[]> tags) {
  static final int WIDTH = 256;
  static final int HEIGHT = 257;
  static final int BITS_PER_SAMPLE = 258;
  static final int COMPRESSION = 259;
  static final int PHOTOMETRIC = 262;
  static final int STRIP_OFFSETS = 273;
  static final int ORIENTATION = 274;
  static final int SAMPLES_PER_PIXEL = 277;
  static final int ROWS_PER_STRIP = 278;
  static final int STRIP_BYTE_COUNTS = 279;
  static final int PLANAR_CONFIGURATION = 284;
  static final int COLOR_MAP = 320;
  static final int TILE_WIDTH = 322;
  static final int TILE_LENGTH = 323;
  static final int TILE_OFFSETS = 324;
  static final int TILE_BYTE_COUNTS = 325;
  static final int EXTRA_SAMPLES = 338;
  static final int SAMPLE_FORMAT = 339;
  private static final int FILL_ORDER = 266;
  private static final int T4_OPTIONS = 292;
  private static final int T6_OPTIONS = 293;
  private static final int PREDICTOR = 317;
  private static final int JPEG_TABLES = 347;
  private static final int YCBCR_SUBSAMPLING = 530;
  private static final int XMP = 700;

  /** What a reader has to know of the pixels; the others are left out. */
  private static final Set<Integer> OF_PIXELS =
      Set.of(
          WIDTH,
          HEIGHT,
          BITS_PER_SAMPLE,
          COMPRESSION,
          PHOTOMETRIC,
          FILL_ORDER,
          STRIP_OFFSETS,
          SAMPLES_PER_PIXEL,
          ROWS_PER_STRIP,
          STRIP_BYTE_COUNTS,
          PLANAR_CONFIGURATION,
          T4_OPTIONS,
          T6_OPTIONS,
          PREDICTOR,
          COLOR_MAP,
          TILE_WIDTH,
          TILE_LENGTH,
          TILE_OFFSETS,
          TILE_BYTE_COUNTS,
          EXTRA_SAMPLES,
          SAMPLE_FORMAT,
          JPEG_TABLES,
          YCBCR_SUBSAMPLING);

  /** More than the tiles of any picture that is read. */
  private static final int MOST_VALUES = 1 << 20;

  private static final int ENTRY = 12;
  private static final int BYTE = 1;
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int UNDEFINED = 7;

  static boolean isTiff(byte[] file) {
    return file.length >= 8
        && (file[0] == 'I' && file[1] == 'I' && file[2] == 42 && file[3] == 0
            || file[0] == 'M' && file[1] == 'M' && file[2] == 0 && file[3] == 42);
  }

  static TiffDirectory read(byte[] bytes) throws IOException {
    ByteOrder order = bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    ByteBuffer file = ByteBuffer.wrap(bytes).order(order);
    int place = place(file, Integer.toUnsignedLong(file.getInt(4)), 2);
    int count = file.getShort(place) & 0xFFFF;
    place(file, place + 2, (long) count * ENTRY);
    Map<Integer, long[]> tags = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      int entry = place + 2 + i * ENTRY;
      int tag = file.getShort(entry) & 0xFFFF;
      int size = size(file.getShort(entry + 2));
      if (size > 0 && (OF_PIXELS.contains(tag) || tag == ORIENTATION || tag == XMP)) {
        tags.put(tag, values(file, entry, size));
      }
    }
    return new TiffDirectory(bytes, order, tags);
  }

  private static int size(short type) {
    return switch (type) {
      case BYTE, UNDEFINED -> 1;
      case SHORT -> 2;
      case LONG -> 4;
      default -> 0;
    };
  }

  private static long[] values(ByteBuffer file, int entry, int size) throws IOException {
    long count = Integer.toUnsignedLong(file.getInt(entry + 4));
    if (count > MOST_VALUES) {
      throw new IOException("a tag of its directory has " + count + " values");
    }
    long length = count * size;
    int start =
        length <= 4
            ? entry + 8
            : place(file, Integer.toUnsignedLong(file.getInt(entry + 8)), length);
    long[] values = new long[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (size) {
            case 1 -> file.get(start + i) & 255;
            case 2 -> file.getShort(start + 2 * i) & 0xFFFF;
            default -> Integer.toUnsignedLong(file.getInt(start + 4 * i));
          };
    }
    return values;
  }

  private static int place(ByteBuffer file, long place, long length) throws IOException {
    if (place > file.limit() - length) {
      throw new IOException("its directory goes beyond its end");
    }
    return (int) place;
  }

  /** A tag's values, or none. */
  long[] all(int tag) {
    return tags.getOrDefault(tag, new long[0]);
  }

  /** A tag's first value. */
  long first(int tag, long otherwise) {
    long[] values = all(tag);
    return values.length == 0 ? otherwise : values[0];
  }

  int orientation() {
    if (tags.containsKey(ORIENTATION)) {
      return (int) first(ORIENTATION, Orientation.UPRIGHT);
    }
    long[] values = all(XMP);
    byte[] xmp = new byte[values.length];
    for (int i = 0; i < xmp.length; i++) {
      xmp[i] = (byte) values[i];
    }
    OptionalInt orientation = Orientation.ofXmp(xmp);
    return orientation.orElse(Orientation.UPRIGHT);
  }

  /** The file, with a directory at its end that has only what pixels need, and no other. */
  byte[] plain() {
    int start = file.length + (file.length & 1);
    int length = 2 + 4;
    Map<Integer, long[]> kept = new TreeMap<>(tags);
    kept.keySet().retainAll(OF_PIXELS);
    for (Map.Entry<Integer, long[]> tag : kept.entrySet()) {
      length += ENTRY + Math.max(4, 4 * tag.getValue().length);
    }
    ByteBuffer out = ByteBuffer.wrap(Arrays.copyOf(file, start + length)).order(order);
    out.putInt(4, start);
    int entry = start + 2;
    int behind = entry + kept.size() * ENTRY + 4;
    out.putShort(start, (short) kept.size());
    for (Map.Entry<Integer, long[]> tag : kept.entrySet()) {
      int type = type(tag.getKey());
      long[] values = tag.getValue();
      int size = size((short) type);
      out.putShort(entry, tag.getKey().shortValue());
      out.putShort(entry + 2, (short) type);
      out.putInt(entry + 4, values.length);
      boolean fits = values.length * size <= 4;
      put(out, fits ? entry + 8 : behind, size, values);
      if (!fits) {
        out.putInt(entry + 8, behind);
        behind += 4 * values.length;
      }
      entry += ENTRY;
    }
    return out.array();
  }

  private static int type(int tag) {
    return switch (tag) {
      case WIDTH,
          HEIGHT,
          STRIP_OFFSETS,
          ROWS_PER_STRIP,
          STRIP_BYTE_COUNTS,
          T4_OPTIONS,
          T6_OPTIONS,
          TILE_WIDTH,
          TILE_LENGTH,
          TILE_OFFSETS,
          TILE_BYTE_COUNTS ->
          LONG;
      case JPEG_TABLES -> UNDEFINED;
      default -> SHORT;
    };
  }

  private static void put(ByteBuffer out, int start, int size, long[] values) {
    for (int i = 0; i < values.length; i++) {
      switch (size) {
        case 1 -> out.put(start + i, (byte) values[i]);
        case 2 -> out.putShort(start + 2 * i, (short) values[i]);
        default -> out.putInt(start + 4 * i, (int) values[i]);
      }
    }
  }
}
