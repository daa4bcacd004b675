package io.fluxspark.image;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Set;
import javax.imageio.ImageReader;

/**
 * WebP, of an animation the first frame (RFC 9649). libwebp gets one chunk, that of the pixels
 * without alpha, in a file of its own.
 */
final class WebpDecoder implements PictureFileDecoder {
  private static final int FILE_HEADER = 12;
  private static final int CHUNK_HEADER = 8;
  private static final int FRAME_HEADER = 16;

  private static final Set<String> CHUNKS = Set.of("VP8X", "VP8 ", "VP8L", "ANMF", "EXIF", "XMP ");

  /** What a frame of an animation may have; not a frame in a frame. */
  private static final Set<String> PIXELS = Set.of("VP8 ", "VP8L");

  /** Made here, not found by ImageIO: ImageIO does not look into jars that Spark adds later. */
  private static final WebPImageReaderSpi LIBRARY = new WebPImageReaderSpi();

  @Override
  public boolean accepts(byte[] file) {
    return file.length >= FILE_HEADER
        && name(file, 0).equals("RIFF")
        && name(file, CHUNK_HEADER).equals("WEBP");
  }

  private static String name(byte[] file, int place) {
    return new String(file, place, Integer.BYTES, StandardCharsets.ISO_8859_1);
  }

  @Override
  public Picture decode(byte[] file, PixelLimit limit) throws IOException {
    Chunks chunks = new Chunks(file, limit);
    chunks.read(FILE_HEADER, file.length, CHUNKS);
    Picture picture = chunks.picture();
    int orientation = chunks.exif.orElse(chunks.xmp.orElse(Orientation.UPRIGHT));
    return Orientation.upright(picture, orientation);
  }

  private static final class Chunks {
    private final ByteBuffer file;
    private final PixelLimit limit;
    private Size canvas;
    private Size frame;
    private int left;
    private int top;
    private byte[] pixels;
    private OptionalInt exif = OptionalInt.empty();
    private OptionalInt xmp = OptionalInt.empty();

    private record Size(int width, int height) {}

    Chunks(byte[] file, PixelLimit limit) {
      this.file = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      this.limit = limit;
    }

    void read(int start, int end, Set<String> names) throws IOException {
      int place = start;
      while (end - place >= CHUNK_HEADER) {
        String name = name(file.array(), place);
        int length = file.getInt(place + Integer.BYTES);
        int data = place + CHUNK_HEADER;
        if (length < 0 || length > end - data) {
          throw new IOException("its chunk at byte " + place + " goes beyond its end");
        }
        if (names.contains(name)) {
          chunk(name, data, data + length);
        }
        place = data + length + (length & 1);
      }
    }

    private void chunk(String name, int start, int end) throws IOException {
      switch (name) {
        case "VP8X" -> canvas = size(int24(start + 4) + 1, int24(start + 7) + 1);
        case "EXIF" -> exif = Orientation.ofExif(Arrays.copyOfRange(file.array(), start, end));
        case "XMP " -> xmp = Orientation.ofXmp(Arrays.copyOfRange(file.array(), start, end));
        case "ANMF" -> {
          if (pixels == null) {
            left = 2 * int24(start);
            top = 2 * int24(start + 3);
            read(start + FRAME_HEADER, end, PIXELS);
          }
        }
        default -> {
          if (pixels == null) {
            frame = name.equals("VP8 ") ? lossy(start) : lossless(start);
            pixels = alone(start - CHUNK_HEADER, end);
          }
        }
      }
    }

    private int int24(int place) {
      return file.getShort(place) & 0xFFFF | (file.get(place + 2) & 255) << 16;
    }

    private Size lossy(int start) throws IOException {
      return size(file.getShort(start + 6) & 0x3FFF, file.getShort(start + 8) & 0x3FFF);
    }

    private Size lossless(int start) throws IOException {
      int bits = file.getInt(start + 1);
      return size((bits & 0x3FFF) + 1, (bits >>> 14 & 0x3FFF) + 1);
    }

    private Size size(int width, int height) throws IOException {
      limit.check(width, height);
      return new Size(width, height);
    }

    /** A file with no other chunk. */
    private byte[] alone(int start, int end) {
      int length = end - start;
      ByteBuffer alone =
          ByteBuffer.allocate(FILE_HEADER + length + (length & 1)).order(ByteOrder.LITTLE_ENDIAN);
      alone.put("RIFF".getBytes(StandardCharsets.US_ASCII));
      alone.putInt(alone.capacity() - CHUNK_HEADER);
      alone.put("WEBP".getBytes(StandardCharsets.US_ASCII));
      alone.put(file.array(), start, length);
      return alone.array();
    }

    Picture picture() throws IOException {
      if (pixels == null) {
        throw new IOException("it has no pixels");
      }
      Picture decoded = decoded();
      return canvas == null || canvas.equals(frame) ? decoded : onCanvas(decoded);
    }

    private Picture decoded() throws IOException {
      ImageReader reader = LIBRARY.createReaderInstance(null);
      try (BytesInput in = new BytesInput(pixels)) {
        reader.setInput(in, true, true);
        return ((Colours) Colours::rgb).picture(reader.read(0).getRaster());
      } finally {
        reader.dispose();
      }
    }

    /** Black where no frame is. */
    private Picture onCanvas(Picture decoded) throws IOException {
      if (left + decoded.width() > canvas.width() || top + decoded.height() > canvas.height()) {
        throw new IOException("its frame goes beyond its canvas");
      }
      byte[] rgb = new byte[3 * canvas.width() * canvas.height()];
      for (int y = 0; y < decoded.height(); y++) {
        System.arraycopy(
            decoded.rgb(),
            3 * y * decoded.width(),
            rgb,
            3 * ((top + y) * canvas.width() + left),
            3 * decoded.width());
      }
      return new Picture(canvas.width(), canvas.height(), rgb);
    }
  }
}
