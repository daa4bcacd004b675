package io.fluxspark.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * BMP, without embedded JPEG and PNG. Java's reader gets a header that is made anew: those of later
 * versions may name other files.
 */
final class BmpDecoder implements PictureFileDecoder {
  private static final JavaReader READER = JavaReader.of("bmp");

  private static final int FILE_HEADER = 14;
  private static final int OLD_HEADER = 12;
  private static final int HEADER = 40;
  private static final int UNCOMPRESSED = 0;
  private static final int RUNS_OF_8_BITS = 1;
  private static final int RUNS_OF_4_BITS = 2;
  private static final int MASKS = 3;

  @Override
  public boolean accepts(byte[] file) {
    return file.length >= 2 && file[0] == 'B' && file[1] == 'M';
  }

  @Override
  public Picture decode(byte[] file, PixelLimit limit) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    Header header = Header.read(in);
    header.check();
    limit.check(header.width, Math.abs((long) header.height));
    return header.colours(in).picture(READER.samples(header.plain(in)));
  }

  /**
   * @param size of the header in the file, which says its version
   * @param height negative where the first row is the uppermost
   * @param colourCount of the palette
   * @param start of the pixels
   */
  private record Header(
      int size, int width, int height, int bits, int compression, int colourCount, long start) {

    void check() throws IOException {
      if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) {
        throw new UnreadKindException("BMP", bits + " bits a pixel");
      }
      if (!(compression == UNCOMPRESSED
          || compression == RUNS_OF_8_BITS && bits == 8
          || compression == RUNS_OF_4_BITS && bits == 4
          || compression == MASKS && bits >= 16)) {
        throw new UnreadKindException(
            "BMP", "compression " + compression + " of " + bits + " bits a pixel");
      }
      if (colourCount < 0 || colourCount > 256) {
        throw new IOException("its palette has " + colourCount + " colours");
      }
    }

    static Header read(ByteBuffer in) throws IOException {
      int size = in.getInt(FILE_HEADER);
      long start = Integer.toUnsignedLong(in.getInt(10));
      if (size == OLD_HEADER) {
        int bits = in.getShort(24);
        return new Header(
            size,
            in.getShort(18) & 0xFFFF,
            in.getShort(20) & 0xFFFF,
            bits,
            UNCOMPRESSED,
            bits <= 8 ? 1 << bits : 0,
            start);
      }
      if (size < HEADER || size > 124) {
        throw new UnreadKindException("BMP", "a header of " + size + " bytes");
      }
      int bits = in.getShort(28);
      int colours = in.getInt(46);
      int all = bits <= 8 ? 1 << bits : 0;
      return new Header(
          size,
          in.getInt(18),
          in.getInt(22),
          bits,
          in.getInt(30),
          bits > 8 ? 0 : colours == 0 ? all : colours,
          start);
    }

    Colours colours(ByteBuffer in) throws IOException {
      if (bits <= 8) {
        return Colours.inPalette(palette(in));
      }
      int[] most = new int[3];
      int[] masks = masks(in);
      for (int i = 0; i < most.length; i++) {
        most[i] = bits == 24 ? 255 : masks[i] >>> Integer.numberOfTrailingZeros(masks[i]);
      }
      return (samples, at) ->
          Colours.packed(
              samples[at] * 255 / most[0],
              samples[at + 1] * 255 / most[1],
              samples[at + 2] * 255 / most[2]);
    }

    private int[] palette(ByteBuffer in) {
      int step = size == OLD_HEADER ? 3 : 4;
      int[] palette = new int[colourCount];
      for (int i = 0; i < palette.length; i++) {
        int place = FILE_HEADER + size + step * i;
        palette[i] =
            Colours.packed(in.get(place + 2) & 255, in.get(place + 1) & 255, in.get(place) & 255);
      }
      return palette;
    }

    /**
     * Where red, green and blue are in a pixel; right behind a header of {@value #HEADER} bytes.
     */
    private int[] masks(ByteBuffer in) throws IOException {
      if (compression != MASKS) {
        return bits == 16 ? new int[] {0x7C00, 0x3E0, 0x1F} : new int[] {0xFF0000, 0xFF00, 0xFF};
      }
      int place = FILE_HEADER + HEADER;
      int[] masks = {in.getInt(place), in.getInt(place + 4), in.getInt(place + 8)};
      for (int mask : masks) {
        int ones = mask >>> Integer.numberOfTrailingZeros(mask);
        if (mask == 0 || ones > 255 || (ones & ones + 1) != 0) {
          throw new UnreadKindException("BMP", "its colour masks");
        }
      }
      return masks;
    }

    /** The same pixels behind a header of version 3. */
    byte[] plain(ByteBuffer in) throws IOException {
      boolean runs = compression == RUNS_OF_8_BITS || compression == RUNS_OF_4_BITS;
      long most = in.limit() - (runs ? Integer.toUnsignedLong(in.getInt(34)) : 0);
      if (start > most) {
        throw new IOException("its pixels go beyond its end");
      }
      int[] masks = compression == MASKS && bits != 24 ? masks(in) : new int[0];
      int palette = 4 << (bits <= 8 ? bits : 0);
      int before = FILE_HEADER + HEADER + 4 * masks.length + (bits <= 8 ? palette : 0);
      int length = in.limit() - (int) start;
      ByteBuffer out = ByteBuffer.allocate(before + length).order(ByteOrder.LITTLE_ENDIAN);
      out.put((byte) 'B').put((byte) 'M').putInt(before + length).putInt(0).putInt(before);
      out.putInt(HEADER).putInt(width).putInt(height).putShort((short) 1).putShort((short) bits);
      out.putInt(bits == 24 ? UNCOMPRESSED : compression).putInt(length);
      out.putLong(0).putLong(0);
      for (int mask : masks) {
        out.putInt(mask);
      }
      out.put(before, in, (int) start, length);
      return out.array();
    }
  }
}
