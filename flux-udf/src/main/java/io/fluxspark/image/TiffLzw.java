package io.fluxspark.image;

import java.io.IOException;

/**
 * The codes of TIFF's LZW (TIFF, Revision 6.0, section 13), without what they stand for. Java's
 * reader makes a new table of strings at each clear code, which takes as long as decoding hundreds
 * of other codes. Encoders clear a table when it is full, or when it fits badly.
 */
final class TiffLzw {
  private static final int CLEAR = 256;
  private static final int END = 257;
  private static final int LEAST_BITS = 9;
  private static final int MOST_BITS = 12;
  private static final int CODES_A_CLEAR = 64;

  private TiffLzw() {}

  /**
   * @throws IOException when there are too many clear codes
   */
  static void check(byte[] file, int offset, int length) throws IOException {
    long end = 8L * (offset + (long) length);
    long place = 8L * offset;
    long codes = 0;
    long clears = 0;
    int bits = LEAST_BITS;
    int next = END;
    while (place + bits <= end) {
      int code = code(file, place, bits);
      place += bits;
      codes++;
      if (code == END) {
        return;
      } else if (code == CLEAR) {
        clears++;
        bits = LEAST_BITS;
        next = END; // the first code behind it makes no entry
      } else {
        next++;
        // one code earlier than the table needs it
        bits = next == (1 << bits) - 1 && bits < MOST_BITS ? bits + 1 : bits;
      }
      if (clears > 2 + codes / CODES_A_CLEAR) {
        throw new IOException("its LZW codes are of no use");
      }
    }
  }

  private static int code(byte[] file, long place, int bits) {
    int at = (int) (place >> 3);
    int window = (file[at] & 255) << 16;
    window |= at + 1 < file.length ? (file[at + 1] & 255) << 8 : 0;
    window |= at + 2 < file.length ? file[at + 2] & 255 : 0;
    return window >> 24 - (int) (place & 7) - bits & (1 << bits) - 1;
  }
}
