package io.fluxspark.image;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalInt;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * PNG. Java's reader gets the chunks that make up the pixels, in one piece, and none of the others:
 * some of those hold compressed data of any size.
 */
final class PngDecoder implements PictureFileDecoder {
  private static final JavaReader READER = JavaReader.of("png");
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  private static final int CHUNK_HEADER = 8;
  private static final int CRC = 4;
  private static final int LARGEST_TEXT = 1 << 20;
  private static final String XMP = "XML:com.adobe.xmp";
  private static final String EXIF_AS_TEXT = "Raw profile type exif";

  @Override
  public boolean accepts(byte[] file) {
    return Arrays.equals(
        file, 0, Math.min(file.length, SIGNATURE.length), SIGNATURE, 0, SIGNATURE.length);
  }

  @Override
  public Picture decode(byte[] file, PixelLimit limit) throws IOException {
    Chunks chunks = new Chunks();
    int place = SIGNATURE.length;
    while (place < file.length && !chunks.ended) {
      ByteBuffer header = ByteBuffer.wrap(file, place, CHUNK_HEADER);
      int length = header.getInt();
      String name = name(header.getInt());
      int start = place + CHUNK_HEADER;
      if (length < 0 || length > file.length - start - CRC) {
        throw new IOException("its chunk at byte " + place + " goes beyond its end");
      }
      chunks.add(name, ByteBuffer.wrap(file, start, length).slice(), limit);
      if (Chunks.CRITICAL.contains(name)) {
        checkCrc(file, place, length, name);
      }
      place = start + length + CRC;
    }
    return chunks.picture();
  }

  private static String name(int letters) {
    byte[] bytes = ByteBuffer.allocate(Integer.BYTES).putInt(letters).array();
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static void checkCrc(byte[] file, int place, int length, String name) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(file, place + Integer.BYTES, Integer.BYTES + length);
    if ((int) crc.getValue() != ByteBuffer.wrap(file).getInt(place + CHUNK_HEADER + length)) {
      throw new IOException("the checksum of its chunk " + name + " is wrong");
    }
  }

  /** What a file's chunks say, as far as it is needed. */
  private static final class Chunks {
    static final Set<String> CRITICAL = Set.of("IHDR", "PLTE", "IDAT");

    private ByteBuffer header;
    private ByteBuffer palette = ByteBuffer.allocate(0);
    private final ByteArrayOutputStream pixels = new ByteArrayOutputStream();
    private OptionalInt exif = OptionalInt.empty();
    private OptionalInt exifAsText = OptionalInt.empty();
    private OptionalInt xmp = OptionalInt.empty();
    private boolean ended;

    void add(String name, ByteBuffer data, PixelLimit limit) throws IOException {
      if (header == null && !name.equals("IHDR")) {
        throw new IOException("it does not begin with IHDR");
      }
      switch (name) {
        case "IHDR" -> {
          header = data;
          limit.check(
              Integer.toUnsignedLong(data.getInt(0)), Integer.toUnsignedLong(data.getInt(4)));
        }
        case "PLTE" -> palette = data;
        case "IDAT" -> pixels.writeBytes(bytes(data));
        case "eXIf" -> exif = Orientation.ofExif(bytes(data));
        case "tEXt", "zTXt", "iTXt" -> text(name, bytes(data));
        case "IEND" -> ended = true;
        default -> {}
      }
    }

    private static byte[] bytes(ByteBuffer data) {
      byte[] bytes = new byte[data.remaining()];
      data.duplicate().get(bytes);
      return bytes;
    }

    private void text(String kind, byte[] data) {
      int end = end(data, 0);
      String key = new String(data, 0, end, StandardCharsets.ISO_8859_1);
      if (key.equals(XMP) && kind.equals("iTXt") && data.length > end + 3) {
        int start = end(data, end(data, end + 3) + 1) + 1;
        boolean compressed = data[end + 1] != 0;
        byte[] rest = Arrays.copyOfRange(data, Math.min(start, data.length), data.length);
        xmp = Orientation.ofXmp(compressed ? inflated(rest) : rest);
      } else if (key.equals(EXIF_AS_TEXT) && !kind.equals("iTXt") && data.length > end + 2) {
        boolean compressed = kind.equals("zTXt");
        byte[] rest = Arrays.copyOfRange(data, end + (compressed ? 2 : 1), data.length);
        exifAsText = exifInHex(compressed ? inflated(rest) : rest);
      }
    }

    /** Where the text that begins at a place ends: at a zero, or with the data. */
    private static int end(byte[] data, int start) {
      int end = Math.min(start, data.length);
      while (end < data.length && data[end] != 0) {
        end++;
      }
      return end;
    }

    /** ImageMagick's way: name, length and hexadecimal digits, in lines. */
    private static OptionalInt exifInHex(byte[] profile) {
      String[] lines = new String(profile, StandardCharsets.ISO_8859_1).split("\n", 4);
      try {
        String digits = lines[lines.length - 1].replace("\n", "");
        return lines.length == 4
            ? Orientation.ofExif(HexFormat.of().parseHex(digits))
            : OptionalInt.empty();
      } catch (IllegalArgumentException e) {
        return OptionalInt.empty(); // it is only text, and does no harm
      }
    }

    /** At most {@value #LARGEST_TEXT} bytes; nothing where they are damaged. */
    private static byte[] inflated(byte[] compressed) {
      Inflater inflater = new Inflater();
      try {
        inflater.setInput(compressed);
        byte[] text = new byte[(int) Math.min(LARGEST_TEXT, 1032L * compressed.length + 1)];
        return Arrays.copyOf(text, inflater.inflate(text));
      } catch (DataFormatException e) {
        return new byte[0];
      } finally {
        inflater.end();
      }
    }

    Picture picture() throws IOException {
      if (pixels.size() == 0) {
        throw new IOException("it has no pixels");
      }
      Picture picture = colours(header.get(8), header.get(9)).picture(READER.samples(plain()));
      int orientation = exif.orElse(exifAsText.orElse(xmp.orElse(Orientation.UPRIGHT)));
      return Orientation.upright(picture, orientation);
    }

    private Colours colours(int bits, int kind) throws IOException {
      boolean deep = bits == 16;
      return switch (kind) {
        case 0 -> deep ? Colours::clippedGrey : Colours.greyUpTo((1 << bits) - 1);
        case 2, 6 -> deep ? Colours::deepRgb : Colours::rgb;
        case 3 -> Colours.inPalette(Colours.palette(bytes(palette)));
        case 4 -> deep ? Colours::deepGrey : Colours.greyUpTo(255);
        default -> throw new UnreadKindException("PNG", "colour type " + kind);
      };
    }

    /** The file without what is not pixels. */
    private byte[] plain() throws IOException {
      ByteArrayOutputStream file = new ByteArrayOutputStream(pixels.size() + 1024);
      DataOutputStream out = new DataOutputStream(file);
      out.write(SIGNATURE);
      write(out, "IHDR", bytes(header));
      if (palette.hasRemaining()) {
        write(out, "PLTE", bytes(palette));
      }
      write(out, "IDAT", pixels.toByteArray());
      write(out, "IEND", new byte[0]);
      return file.toByteArray();
    }

    private static void write(DataOutputStream out, String name, byte[] data) throws IOException {
      byte[] letters = name.getBytes(StandardCharsets.US_ASCII);
      CRC32 crc = new CRC32();
      crc.update(letters);
      crc.update(data);
      out.writeInt(data.length);
      out.write(letters);
      out.write(data);
      out.writeInt((int) crc.getValue());
    }
  }
}
