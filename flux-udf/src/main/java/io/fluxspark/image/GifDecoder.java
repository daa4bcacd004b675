package io.fluxspark.image;

import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GIF's first frame on its screen (CompuServe, Graphics Interchange Format, Version 89a).
 *
 * <p>Java's reader is not used: it starts a table of 4,096 entries anew at each clear code, and
 * goes on when the frame is full, so that a file of some megabytes can keep it busy for minutes.
 */
final class GifDecoder implements PictureFileDecoder {
  private static final int SCREEN = 6;
  private static final int FIRST_BLOCK = 13;
  private static final int HAS_PALETTE = 0x80;
  private static final int INTERLACED = 0x40;
  private static final int NONE = -1;

  @Override
  public boolean accepts(byte[] file) {
    String start = new String(file, 0, Math.min(file.length, SCREEN), StandardCharsets.US_ASCII);
    return start.equals("GIF87a") || start.equals("GIF89a");
  }

  @Override
  public Picture decode(byte[] file, PixelLimit limit) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int screenWidth = unsigned(in.getShort(SCREEN));
    int screenHeight = unsigned(in.getShort(SCREEN + 2));
    byte flags = in.get(SCREEN + 4);
    in.position(FIRST_BLOCK);
    Colours palette = (flags & HAS_PALETTE) != 0 ? palette(in, flags) : Colours.greyUpTo(255);
    int transparent = goToFrame(in);

    int left = unsigned(in.getShort());
    int top = unsigned(in.getShort());
    int width = unsigned(in.getShort());
    int height = unsigned(in.getShort());
    byte frameFlags = in.get();
    if ((frameFlags & HAS_PALETTE) != 0) {
      palette = palette(in, frameFlags);
    }
    // the screen grows where the frame is larger
    int wide = Math.max(screenWidth, left + width);
    int high = Math.max(screenHeight, top + height);
    limit.check(wide, high);
    limit.check(width, height);
    byte[] frame = new GifPixels(in, width * height).read();
    int[] rows = (frameFlags & INTERLACED) != 0 ? interlaced(height) : inOrder(height);
    byte[] screen = new byte[wide * high];
    Arrays.fill(screen, (byte) Math.max(transparent, 0));
    for (int y = 0; y < height; y++) {
      System.arraycopy(frame, y * width, screen, (top + rows[y]) * wide + left, width);
    }
    return palette.picture(indices(screen, wide, high));
  }

  private static Raster indices(byte[] screen, int width, int height) {
    return Raster.createInterleavedRaster(
        new DataBufferByte(screen, screen.length), width, height, width, 1, new int[] {0}, null);
  }

  private static int unsigned(short value) {
    return value & 0xFFFF;
  }

  private static Colours palette(ByteBuffer in, byte flags) {
    byte[] rgb = new byte[3 << ((flags & 7) + 1)];
    in.get(rgb);
    return Colours.inPalette(Colours.palette(rgb));
  }

  /**
   * Goes behind the mark of the first frame.
   *
   * @return the transparent place in its palette, or {@link #NONE}
   */
  private static int goToFrame(ByteBuffer in) throws IOException {
    int transparent = NONE;
    while (true) {
      int block = in.get();
      if (block == ',') {
        return transparent;
      } else if (block == ';') {
        throw new IOException("it has no frame");
      } else if (block == '!') {
        int kind = in.get() & 255;
        int start = in.position();
        if (kind == 0xF9 && in.get(start) >= 4) {
          transparent = (in.get(start + 1) & 1) != 0 ? in.get(start + 4) & 255 : transparent;
        }
        skipBlocks(in);
      }
    }
  }

  private static void skipBlocks(ByteBuffer in) {
    int length = in.get() & 255;
    while (length > 0) {
      in.position(in.position() + length);
      length = in.get() & 255;
    }
  }

  private static int[] inOrder(int height) {
    int[] rows = new int[height];
    Arrays.setAll(rows, y -> y);
    return rows;
  }

  /** Every 8th row; the rows between those; between those; and the rest. */
  private static int[] interlaced(int height) {
    int[] rows = new int[height];
    int count = 0;
    for (int[] pass : new int[][] {{0, 8}, {4, 8}, {2, 4}, {1, 2}}) {
      for (int y = pass[0]; y < height; y += pass[1]) {
        rows[count++] = y;
      }
    }
    return rows;
  }
}
