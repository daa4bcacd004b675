package io.fluxspark.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * What a JPEG file is made of (ITU-T T.81, annex B).
 *
 * @param components a letter each, whose code is the component's identifier
 * @param adobeTransform of Adobe's segment, or {@link #NO_ADOBE}
 * @param pixels the file without its application segments, comments, and what stands behind its end
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record JpegSegments(
    int width,
    int height,
    String components,
    boolean isJfif,
    int adobeTransform,
    int orientation,
    byte[] pixels) {
  static final int NO_ADOBE = -1;

  /**
   * Each scan goes over the whole picture, however short it is. Encoders write about a dozen at
   * most.
   */
  private static final int MOST_SCANS = 32;

  private static final String EXIF = "Exif\0\0";
  private static final String XMP = "http://ns.adobe.com/xap/1.0/\0";

  static JpegSegments of(byte[] file, int start, int end) throws IOException {
    return new Walk(file, start, end).segments();
  }

  private static final class Walk {
    private final byte[] file;
    private final int end;
    private int place;

    private final ByteArrayOutputStream pixels;
    private ByteBuffer frame;
    private int scans;
    private boolean isJfif;
    private int adobeTransform = NO_ADOBE;
    private OptionalInt exif = OptionalInt.empty();
    private OptionalInt xmp = OptionalInt.empty();

    Walk(byte[] file, int start, int end) {
      this.file = file;
      this.place = start;
      this.end = end;
      this.pixels = new ByteArrayOutputStream(end - start);
    }

    JpegSegments segments() throws IOException {
      int marker = marker();
      while (marker != 0xD9) {
        if (marker == 0xD8) {
          write(place - 2, place);
        } else if (marker != 0x01) {
          segment(marker);
        }
        marker = marker();
      }
      write(place - 2, place);
      if (frame == null || scans == 0) {
        throw new IOException("it has no pixels");
      }
      return new JpegSegments(
          frame.getShort(3) & 0xFFFF,
          frame.getShort(1) & 0xFFFF,
          components(),
          isJfif,
          adobeTransform,
          exif.orElse(xmp.orElse(Orientation.UPRIGHT)),
          pixels.toByteArray());
    }

    /** Goes behind the next marker. */
    private int marker() throws IOException {
      if (place < end && file[place] != -1) {
        throw new IOException("a marker is missing at byte " + place);
      }
      while (place < end && file[place] == -1) {
        place++;
      }
      if (place >= end) {
        throw new IOException("it ends without an end mark");
      }
      return file[place++] & 255;
    }

    private void segment(int marker) throws IOException {
      int start = place;
      int length = start + 2 > end ? 0 : ByteBuffer.wrap(file).getShort(start) & 0xFFFF;
      if (length < 2 || length > end - start) {
        throw new IOException("its segment at byte " + start + " goes beyond its end");
      }
      place = start + length;
      ByteBuffer data = ByteBuffer.wrap(file, start + 2, length - 2).slice();
      switch (marker) {
        case 0xC0, 0xC1, 0xC2 -> {
          checkFrame(data);
          frame = data;
          keep(marker, start);
        }
        case 0xC4, 0xDB, 0xDD -> keep(marker, start); // tables, restart interval
        case 0xDA -> {
          if (++scans > MOST_SCANS) {
            throw new IOException("it has more than " + MOST_SCANS + " scans");
          }
          skipScan();
          keep(marker, start);
        }
        case 0xE0 -> isJfif |= isCalled(data, "JFIF\0");
        case 0xE1 -> camera(data);
        case 0xEE -> {
          if (isCalled(data, "Adobe") && data.limit() >= 12) {
            adobeTransform = data.get(11) & 255;
          }
        }
        default -> {
          if (marker < 0xE0) {
            throw new UnreadKindException(
                "JPEG", "marker " + Integer.toHexString(marker).toUpperCase(Locale.ROOT));
          }
        }
      }
    }

    private void checkFrame(ByteBuffer data) throws IOException {
      if (frame != null) {
        throw new IOException("it has two frames");
      }
      int components = data.get(5) & 255;
      if (data.get(0) != 8) {
        throw new UnreadKindException("JPEG", (data.get(0) & 255) + " bits a colour");
      }
      if (components != 1 && components != 3 && components != 4) {
        throw new UnreadKindException("JPEG", components + " colours");
      }
      if (data.limit() != 6 + 3 * components) {
        throw new IOException("its frame header has a wrong length");
      }
    }

    private void camera(ByteBuffer data) {
      if (exif.isEmpty() && isCalled(data, EXIF)) {
        exif = Orientation.ofExif(bytes(data));
      } else if (xmp.isEmpty() && isCalled(data, XMP)) {
        xmp = Orientation.ofXmp(bytes(data));
      }
    }

    /** Goes to the marker behind a scan's data. */
    private void skipScan() {
      while (place < end && !(file[place] == -1 && place + 1 < end && endsScan(file[place + 1]))) {
        place++;
      }
    }

    private static boolean endsScan(byte marker) {
      return marker != 0 && marker != -1 && (marker & 0xF8) != 0xD0;
    }

    private static boolean isCalled(ByteBuffer data, String name) {
      byte[] letters = name.getBytes(StandardCharsets.US_ASCII);
      return data.limit() >= letters.length
          && data.slice(0, letters.length).equals(ByteBuffer.wrap(letters));
    }

    private static byte[] bytes(ByteBuffer data) {
      byte[] bytes = new byte[data.limit()];
      data.get(0, bytes);
      return bytes;
    }

    private String components() {
      StringBuilder letters = new StringBuilder();
      for (int i = 0; i < frame.get(5); i++) {
        letters.append((char) (frame.get(6 + 3 * i) & 255));
      }
      return letters.toString();
    }

    private void keep(int marker, int start) {
      pixels.write(0xFF);
      pixels.write(marker);
      write(start, place);
    }

    private void write(int from, int to) {
      pixels.write(file, from, to - from);
    }
  }
}
