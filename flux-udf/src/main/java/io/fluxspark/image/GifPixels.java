package io.fluxspark.image;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * GIF's variant of LZW, until all pixels of a frame are there. The time that takes is bounded by
 * the data's length and the number of pixels.
 */
final class GifPixels {
  private static final int MOST_CODES = 4096;
  private static final int NONE = -1;

  private final ByteBuffer in;
  private final byte[] pixels;

  /** Each code's text is that of an earlier code, and one more pixel. */
  private final short[] before = new short[MOST_CODES];

  private final byte[] last = new byte[MOST_CODES];
  private final int[] length = new int[MOST_CODES];

  private long bits;
  private int bitCount;
  private int leftInBlock;

  /**
   * @param in at the frame's code size
   */
  GifPixels(ByteBuffer in, int count) {
    this.in = in;
    this.pixels = new byte[count];
  }

  byte[] read() throws IOException {
    int rootBits = in.get();
    if (rootBits < 1 || rootBits > 8) {
      throw new IOException("its code size is " + rootBits + "; 1 to 8 are possible");
    }
    int clear = 1 << rootBits;
    for (int i = 0; i < clear; i++) {
      last[i] = (byte) i;
      length[i] = 1;
    }
    int next = clear + 2;
    int codeBits = rootBits + 1;
    int previous = NONE;
    int place = 0;
    while (place < pixels.length) {
      int code = code(codeBits);
      if (code == clear) {
        next = clear + 2;
        codeBits = rootBits + 1;
        previous = NONE;
        continue;
      }
      if (code == clear + 1) {
        throw new IOException("its frame ends after " + place + " of " + pixels.length + " pixels");
      }
      if (code > next || code == next && previous == NONE) {
        throw new IOException("a code of its frame is not known");
      }
      if (previous != NONE && next < MOST_CODES) {
        before[next] = (short) previous;
        length[next] = length[previous] + 1;
        last[next] = first(code == next ? previous : code);
        next++;
        if (next == 1 << codeBits && next < MOST_CODES) {
          codeBits++;
        }
      }
      place = write(code, place);
      previous = code;
    }
    return pixels;
  }

  private byte first(int code) {
    int at = code;
    while (length[at] > 1) {
      at = before[at];
    }
    return last[at];
  }

  /** Writes a code's text, as far as there is room. */
  private int write(int code, int place) {
    int end = place + length[code];
    int at = code;
    for (int i = end - 1; i >= place; i--) {
      if (i < pixels.length) {
        pixels[i] = last[at];
      }
      at = before[at];
    }
    return end;
  }

  private int code(int codeBits) throws IOException {
    while (bitCount < codeBits) {
      if (leftInBlock == 0) {
        leftInBlock = in.get() & 255;
        if (leftInBlock == 0) {
          throw new IOException("its frame has too few pixels");
        }
      }
      bits |= (in.get() & 255L) << bitCount;
      bitCount += Byte.SIZE;
      leftInBlock--;
    }
    int code = (int) bits & (1 << codeBits) - 1;
    bits >>>= codeBits;
    bitCount -= codeBits;
    return code;
  }
}
