package io.fluxspark.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Files that are small and claim much, or are no pictures at all. */
final class HostilePictures {
  private static final int BOMB = 64 << 20;
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  private static final int SHORT = 3;
  private static final int LONG = 4;

  private HostilePictures() {}

  /** What must be refused, by what it is. */
  static Map<String, byte[]> refused() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    noPictures(files);
    png(files);
    jpeg(files);
    gif(files);
    bmp(files);
    tiff(files);
    webp(files);
    return files;
  }

  /** What hides something behind pixels that are all there. */
  static Map<String, byte[]> decoded() {
    byte[] row = deflated(new byte[4]);
    byte[] text = join(ascii("Raw profile type exif\0\0"), deflated(new byte[BOMB]));
    byte[] xmp = join(ascii("XML:com.adobe.xmp\0\1\0\0\0"), deflated(new byte[BOMB]));
    return Map.of(
        "PNG whose pixels go on for 64 MiB",
            png(1, 1, 8, 2, chunk("IDAT", deflated(new byte[BOMB]))),
        "PNG with 64 MiB of text", png(1, 1, 8, 2, chunk("zTXt", text), chunk("IDAT", row)),
        "PNG with 64 MiB of XMP", png(1, 1, 8, 2, chunk("iTXt", xmp), chunk("IDAT", row)),
        "PNG with a damaged profile",
            png(1, 1, 8, 2, chunk("iCCP", ascii("x\0\0no zlib")), chunk("IDAT", row)),
        "BMP that names a file as its profile", bmpWithLinkedProfile(),
        "TIFF whose directory is its own next one", tiff(8, 1, 1, 1, 8, 0, 1));
  }

  private static void noPictures(Map<String, byte[]> files) {
    files.put("nothing", new byte[0]);
    files.put("one byte", new byte[] {(byte) 0xFF});
    files.put("text", ascii("a red circle above the sea"));
    files.put("SVG", ascii("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"));
    files.put(
        "SVG behind an XML head", ascii("<?xml version='1.0'?><!DOCTYPE svg SYSTEM 'x.dtd'>"));
    files.put("HTML", ascii("<!doctype html><img src='x.png'>"));
    files.put("PDF", ascii("%PDF-1.7\n1 0 obj"));
    files.put("PostScript", ascii("%!PS-Adobe-3.0 EPSF-3.0"));
    files.put("ZIP", new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0, 0, 0, 0, 0});
    files.put("big TIFF", new byte[] {'I', 'I', 43, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0});
    files.put("zeros", new byte[1000]);
  }

  private static void png(Map<String, byte[]> files) {
    byte[] pixels = chunk("IDAT", deflated(new byte[4]));
    files.put("PNG without chunks", PNG);
    files.put("PNG of 100000 x 100000", png(100_000, 100_000, 8, 2, pixels));
    files.put("PNG of 2^31 - 1 in square", png(Integer.MAX_VALUE, Integer.MAX_VALUE, 8, 2, pixels));
    files.put("PNG of negative size", png(-1, -1, 8, 2, pixels));
    files.put("PNG of 0 x 0", png(0, 0, 8, 2, pixels));
    files.put("PNG of a row of 2^31 - 1", png(Integer.MAX_VALUE, 1, 16, 6, pixels));
    files.put("PNG with a chunk of 2 GiB", join(PNG, ints(Integer.MAX_VALUE), ascii("IHDR")));
    files.put("PNG with a chunk of -1", join(PNG, ints(-1), ascii("IHDR"), new byte[20]));
    files.put("PNG with a short header", join(PNG, chunk("IHDR", new byte[3]), pixels));
    files.put("PNG without pixels", png(1, 1, 8, 2));
    files.put("PNG with empty pixels", png(1, 1, 8, 2, chunk("IDAT", new byte[0])));
    files.put("PNG with too few pixels", png(9, 9, 8, 2, pixels));
    files.put("PNG whose pixels are no zlib", png(1, 1, 8, 2, chunk("IDAT", ascii("no zlib"))));
    files.put("PNG of 3 bits", png(1, 1, 3, 0, pixels));
    files.put("PNG of colour type 7", png(1, 1, 8, 7, pixels));
    files.put(
        "PNG of a filter 9", png(1, 1, 8, 2, chunk("IDAT", deflated(new byte[] {9, 0, 0, 0}))));
    byte[] wrong = png(1, 1, 8, 2, pixels);
    wrong[wrong.length - 13]++;
    files.put("PNG with a wrong checksum", wrong);
  }

  private static void jpeg(Map<String, byte[]> files) {
    byte[] whole = GoldenPictures.file("grey_progressive.jpg");
    int frame = indexOf(whole, 0xFF, 0xC2);
    files.put("JPEG of 65535 x 65535", with(whole, frame + 5, -1, -1, -1, -1));
    files.put("JPEG of no height", with(whole, frame + 5, 0, 0));
    files.put("JPEG of 12 bits", with(whole, frame + 4, 12));
    files.put("JPEG of 2 colours", with(whole, frame + 9, 2));
    files.put("JPEG of 255 colours", with(whole, frame + 9, 255));
    files.put("JPEG without loss", with(whole, frame + 1, 0xC3));
    files.put("JPEG of arithmetic coding", with(whole, frame + 1, 0xC9));
    files.put("JPEG of a head", Arrays.copyOf(whole, 3));
    files.put("JPEG of marks alone", filled(5000, 0xFF, with(new byte[2], 0, 0xFF, 0xD8)));
    files.put("JPEG with a segment of 0", with(whole, 4, 0, 0));
    files.put("JPEG with a segment beyond its end", with(whole, 4, 0xFF, 0xFF));
    files.put("JPEG without an end", Arrays.copyOf(whole, whole.length - 2));
    int scan = indexOf(whole, 0xFF, 0xDA);
    byte[] again = Arrays.copyOfRange(whole, scan, whole.length - 2);
    byte[] scans = Arrays.copyOf(whole, scan);
    for (int i = 0; i < 200; i++) {
      scans = join(scans, again);
    }
    files.put("JPEG of many scans", join(scans, new byte[] {-1, (byte) 0xD9}));
    byte[] header = Arrays.copyOfRange(whole, frame, scan);
    files.put("JPEG of two frames", join(Arrays.copyOf(whole, scan), header, again));
  }

  private static void gif(Map<String, byte[]> files) {
    byte[] head = ascii("GIF89a");
    byte[] screen = {10, 0, 10, 0, 0, 0, 0};
    byte[] huge = {-1, -1, -1, -1, 0, 0, 0};
    byte[] frame = {',', 0, 0, 0, 0, 10, 0, 10, 0, 0};
    byte[] end = {0, ';'};
    files.put("GIF with a screen of 65535 x 65535", join(head, huge, frame, new byte[] {8}, end));
    byte[] large = {',', 0, 0, 0, 0, -1, -1, -1, -1, 0, 8};
    files.put("GIF with a frame of 65535 x 65535", join(head, screen, large, end));
    byte[] far = {',', -1, -1, -1, -1, 1, 0, 1, 0, 0, 8};
    files.put("GIF with a frame at 65535, 65535", join(head, screen, far, end));
    files.put(
        "GIF with a frame of 0 x 0",
        join(head, screen, new byte[] {',', 0, 0, 0, 0, 0, 0, 0, 0, 0, 8}, end));
    files.put("GIF without a frame", join(head, screen, new byte[] {';'}));
    files.put("GIF of a head", head);
    files.put("GIF with a palette beyond its end", join(head, new byte[] {1, 0, 1, 0, -1, 0, 0}));
    byte[] comment = {'!', (byte) 0xFE, 1, 'x', 0};
    files.put("GIF of comments alone", join(head, screen, repeated(comment, 100_000)));
    files.put(
        "GIF of an endless comment",
        join(head, screen, new byte[] {'!', (byte) 0xFE}, filled(100_000, 1, new byte[0])));
    files.put("GIF of code size 12", join(head, screen, frame, new byte[] {12, 1, 0}, end));
    files.put("GIF without codes", join(head, screen, frame, new byte[] {8}, end));
    files.put(
        "GIF of unknown codes", join(head, screen, frame, new byte[] {8, 3, -1, -1, -1}, end));
    // 4 codes of 2 bits a byte, each of which empties the table: 2 is "clear" where roots have 1
    // bit
    byte[] clears = filled(256, 0xAA, new byte[] {-1});
    files.put(
        "GIF of 16 million clear codes",
        join(head, screen, frame, new byte[] {1}, repeated(clears, 16_000), end));
  }

  private static void bmp(Map<String, byte[]> files) {
    byte[] whole = GoldenPictures.file("rgb.bmp");
    files.put("BMP of a head", Arrays.copyOf(whole, 14));
    files.put("BMP of 2^31 - 1 in square", with(whole, 18, -1, -1, -1, 0x7F, -1, -1, -1, 0x7F));
    files.put("BMP of the least height", with(whole, 22, 0, 0, 0, 0x80));
    files.put("BMP of no width", with(whole, 18, 0, 0, 0, 0));
    files.put("BMP of 7 bits", with(whole, 28, 7));
    files.put("BMP around a JPEG", with(whole, 28, 0, 0, 4));
    files.put("BMP around a PNG", with(whole, 28, 0, 0, 5));
    files.put("BMP with pixels behind its end", with(whole, 10, -1, -1, -1, -1));
    files.put("BMP with a header of 2 GiB", with(whole, 14, -1, -1, -1, 0x7F));
    byte[] palette = GoldenPictures.file("palette.bmp");
    files.put("BMP of 2^31 - 1 colours", with(palette, 46, -1, -1, -1, 0x7F));
    byte[] runs = GoldenPictures.file("run_lengths_8.bmp");
    files.put("BMP with runs cut off", Arrays.copyOf(runs, runs.length - 50));
    files.put(
        "BMP with masks of nothing", with(GoldenPictures.file("masks_565.bmp"), 54, new int[12]));
  }

  private static void tiff(Map<String, byte[]> files) {
    files.put("TIFF with a directory behind its end", join(ascii("II*\0"), little(1 << 30)));
    files.put("TIFF with a directory at -1", join(ascii("II*\0"), little(-1)));
    files.put("TIFF with 65535 entries", join(ascii("II*\0"), little(8), new byte[] {-1, -1}));
    files.put("TIFF without entries", join(ascii("II*\0"), little(8), new byte[6]));
    files.put("TIFF of 100000 x 100000", tiff(0, 100_000, 100_000, 1, 8, 0, 1));
    files.put("TIFF of 2^32 - 1 in square", tiff(0, -1, -1, 1, 8, 0, 1));
    files.put("TIFF with pixels behind its end", tiff(0, 1, 1, 1, 8, 1 << 30, 1));
    files.put("TIFF with 4 GiB of pixels", tiff(0, 1, 1, 1, 8, 0, -1));
    files.put("TIFF with too few pixels", tiff(0, 3000, 3000, 1, 8, 0, 100));
    files.put("TIFF with pixels that are no zlib", tiff(0, 3000, 3000, 8, 8, 0, 90));
    files.put("TIFF with pixels that are no LZW", tiff(0, 3000, 3000, 5, 8, 0, 90));
    files.put("TIFF with pixels that are no JPEG", tiff(0, 16, 16, 7, 8, 0, 90));
    byte[] clears = repeated(new byte[] {(byte) 0x80, 0x20, 0x40, 0, 0, 0, 0, 0, 0}, 100_000);
    byte[] lzw = tiff(0, 3000, 3000, 5, 8, 98, clears.length);
    files.put("TIFF that clears its LZW table all the time", join(lzw, clears));
    byte[] zeros = new byte[1 << 20];
    files.put("TIFF with a MiB for one pixel", join(tiff(0, 1, 1, 4, 1, 98, zeros.length), zeros));
    files.put("TIFF of compression 9", tiff(0, 1, 1, 9, 8, 0, 1));
    files.put("TIFF of 64 bits", tiff(0, 1, 1, 1, 64, 0, 8));
    files.put("TIFF with 2^32 - 1 values", directory(0, entry(256, LONG, -1, 8)));
    files.put("TIFF with 2^30 values at its end", directory(0, entry(256, LONG, 1 << 30, 8)));
    files.put("TIFF with 65535 samples", directory(0, size(1, 1), entry(277, SHORT, 1, 65_535)));
    files.put("TIFF with tiles of 2^31 - 1", directory(0, size(1, 1), tiles(Integer.MAX_VALUE)));
    files.put("TIFF with tiles of 0", directory(0, size(1, 1), tiles(0)));
    files.put("TIFF with a JPEG that is larger", tiffAround(GoldenPictures.file("grey.jpg")));
  }

  private static void webp(Map<String, byte[]> files) {
    files.put("WebP without chunks", riff());
    files.put("WebP with a chunk of 2 GiB", riff(ascii("VP8 "), little(Integer.MAX_VALUE)));
    files.put("WebP with a chunk of -1", riff(ascii("VP8L"), little(-1), new byte[20]));
    byte[] canvas = join(new byte[4], filled(6, -1, new byte[0]));
    files.put("WebP with a canvas of 2^24 in square", riff(block("VP8X", canvas)));
    byte[] large = {0x2F, -1, -1, -1, -1, 0, 0, 0};
    files.put("WebP of 16384 x 16384", riff(block("VP8L", large)));
    byte[] lossy = {0, 0, 0, (byte) 0x9D, 1, 0x2A, -1, 0x3F, -1, 0x3F};
    files.put("lossy WebP of 16383 x 16383", riff(block("VP8 ", lossy)));
    files.put("WebP with a short chunk", riff(block("VP8L", new byte[3])));
    files.put(
        "WebP with a chunk of noise", riff(block("VP8L", new byte[] {0x2F, 9, 0, 1, 0, 7, 7, 7})));
    byte[] frames = new byte[0];
    for (int i = 0; i < 2000; i++) {
      frames = block("ANMF", join(new byte[16], frames));
    }
    files.put("WebP of 2000 frames in each other", riff(frames));
  }

  private static byte[] png(int width, int height, int bits, int kind, byte[]... chunks) {
    byte[] header = join(ints(width, height), new byte[] {(byte) bits, (byte) kind, 0, 0, 0});
    return join(PNG, chunk("IHDR", header), join(chunks), chunk("IEND", new byte[0]));
  }

  private static byte[] chunk(String name, byte[] data) {
    byte[] named = join(ascii(name), data);
    CRC32 crc = new CRC32();
    crc.update(named);
    return join(ints(data.length), named, ints((int) crc.getValue()));
  }

  private static byte[] bmpWithLinkedProfile() {
    byte[] pixel = {1, 2, 3, 0};
    ByteBuffer file = ByteBuffer.allocate(14 + 124 + 4 + 12).order(ByteOrder.LITTLE_ENDIAN);
    file.put(ascii("BM")).putInt(file.capacity()).putInt(0).putInt(14 + 124);
    file.putInt(124).putInt(1).putInt(1).putShort((short) 1).putShort((short) 24);
    file.position(14 + 56).put(ascii("KNIL"));
    file.putInt(14 + 112, 124 + 4).putInt(14 + 116, 12);
    file.put(14 + 124, pixel).put(14 + 128, ascii("/etc/passwd\0"));
    return file.array();
  }

  /** One strip of grey. */
  private static byte[] tiff(
      int next, int width, int height, int compression, int bits, int offset, int length) {
    return directory(
        next,
        size(width, height),
        entry(258, SHORT, 1, bits),
        entry(259, SHORT, 1, compression),
        entry(262, SHORT, 1, 1),
        entry(273, LONG, 1, offset),
        entry(279, LONG, 1, length));
  }

  private static byte[] tiffAround(byte[] jpeg) {
    byte[] tiff = tiff(0, 8, 8, 7, 8, 8 + 2 + 7 * 12 + 4, jpeg.length);
    return join(tiff, jpeg);
  }

  private static byte[] directory(int next, byte[]... entries) {
    byte[] all = join(entries);
    byte[] count = {(byte) (all.length / 12), 0};
    return join(ascii("II*\0"), little(8), count, all, little(next));
  }

  private static byte[] size(int width, int height) {
    return join(entry(256, LONG, 1, width), entry(257, LONG, 1, height));
  }

  private static byte[] tiles(int size) {
    return join(
        entry(258, SHORT, 1, 8),
        entry(322, LONG, 1, size),
        entry(323, LONG, 1, size),
        entry(324, LONG, 1, 8),
        entry(325, LONG, 1, 8));
  }

  private static byte[] entry(int tag, int type, int count, int value) {
    return ByteBuffer.allocate(12)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort((short) tag)
        .putShort((short) type)
        .putInt(count)
        .putInt(value)
        .array();
  }

  private static byte[] riff(byte[]... parts) {
    byte[] all = join(parts);
    return join(ascii("RIFF"), little(all.length + 4), ascii("WEBP"), all);
  }

  private static byte[] block(String name, byte[] data) {
    return join(ascii(name), little(data.length), data, new byte[data.length & 1]);
  }

  private static byte[] deflated(byte[] data) {
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try {
      deflater.setInput(data);
      deflater.finish();
      byte[] result = new byte[data.length / 100 + 100];
      return Arrays.copyOf(result, deflater.deflate(result));
    } finally {
      deflater.end();
    }
  }

  private static int indexOf(byte[] file, int first, int second) {
    for (int i = 0; i + 1 < file.length; i++) {
      if (file[i] == (byte) first && file[i + 1] == (byte) second) {
        return i;
      }
    }
    throw new IllegalArgumentException("not there");
  }

  private static byte[] with(byte[] file, int place, int... values) {
    byte[] changed = file.clone();
    for (int i = 0; i < values.length; i++) {
      changed[place + i] = (byte) values[i];
    }
    return changed;
  }

  /** So many bytes, the first of which are given. */
  private static byte[] filled(int length, int value, byte[] start) {
    byte[] result = Arrays.copyOf(start, length);
    Arrays.fill(result, start.length, length, (byte) value);
    return result;
  }

  private static byte[] repeated(byte[] part, int times) {
    ByteArrayOutputStream all = new ByteArrayOutputStream(part.length * times);
    for (int i = 0; i < times; i++) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] ints(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * values.length);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }

  private static byte[] little(int value) {
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
