package io.fluxspark.image;

import java.io.IOException;
import java.util.Arrays;
import java.util.Set;

/**
 * TIFF's first picture: grey, RGB, CMYK and palettes of up to 16 bits, in strips or tiles. Java's
 * reader gets a directory of checked values.
 */
final class TiffDecoder implements PictureFileDecoder {
  private static final JavaReader READER = JavaReader.of("tiff");

  private static final int LZW = 5;
  private static final int JPEG = 7;
  private static final Set<Long> COMPRESSIONS = Set.of(1L, 2L, 3L, 4L, 5L, 7L, 8L, 32946L, 32773L);

  private static final int WHITE_IS_ZERO = 0;
  private static final int BLACK_IS_ZERO = 1;
  private static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int CMYK = 5;
  private static final int YCBCR = 6;
  private static final int PREMULTIPLIED = 1;

  /** A tile may be larger than the picture, up to so many pixels. */
  private static final int LARGEST_TILE = 1 << 20;

  /** No compression makes pixels longer than that, but for JPEG's tables. */
  private static final int MOST_EXPANSION = 8;

  private static final int TABLES = 1 << 16;

  /** Strips may share bytes, but not so many that reading them takes for ever. */
  private static final int MOST_OVERLAP = 4;

  @Override
  public boolean accepts(byte[] file) {
    return TiffDirectory.isTiff(file);
  }

  @Override
  public Picture decode(byte[] file, PixelLimit limit) throws IOException {
    TiffDirectory directory = TiffDirectory.read(file);
    limit.check(directory.first(TiffDirectory.WIDTH, 0), directory.first(TiffDirectory.HEIGHT, 0));
    Colours colours = colours(directory);
    checkBlocks(directory, limit);
    Picture picture = colours.picture(READER.samples(directory.plain()));
    return Orientation.upright(picture, directory.orientation());
  }

  private static Colours colours(TiffDirectory directory) throws IOException {
    int samples = (int) directory.first(TiffDirectory.SAMPLES_PER_PIXEL, 1);
    long[] depths = directory.all(TiffDirectory.BITS_PER_SAMPLE);
    int bits = (int) directory.first(TiffDirectory.BITS_PER_SAMPLE, 1);
    int photometric =
        (int) directory.first(TiffDirectory.PHOTOMETRIC, samples >= 3 ? RGB : BLACK_IS_ZERO);
    boolean unsigned =
        Arrays.stream(directory.all(TiffDirectory.SAMPLE_FORMAT))
            .allMatch(format -> format == 1 || format == 4);
    boolean alike = Arrays.stream(depths).allMatch(depth -> depth == bits);
    boolean premultiplied = directory.first(TiffDirectory.EXTRA_SAMPLES, 0) == PREMULTIPLIED;
    if (unsigned && alike && Set.of(1, 2, 4, 8, 16).contains(bits) && samples <= 6) {
      boolean deep = bits == 16;
      int white = (1 << bits) - 1;
      if (photometric == WHITE_IS_ZERO && samples == 1 && !deep) {
        return Colours.greyUpTo(white); // Java's reader turns it
      } else if (photometric == BLACK_IS_ZERO && samples <= 2 && !premultiplied) {
        return deep ? Colours::clippedGrey : Colours.greyUpTo(white);
      } else if (photometric == RGB && samples >= 3 && bits >= 8) {
        if (samples >= 4 && premultiplied && !deep) {
          return Colours::premultiplied;
        }
        return deep ? Colours::deepRgb : Colours::rgb;
      } else if (photometric == PALETTE && samples == 1 && !deep) {
        return Colours.inPalette(palette(directory.all(TiffDirectory.COLOR_MAP)));
      } else if (photometric == CMYK && samples >= 4 && bits >= 8) {
        return deep ? Colours::deepCmyk : Colours::cmyk;
      } else if (photometric == YCBCR && samples == 3 && bits == 8) {
        return Colours::rgb;
      }
    }
    throw new UnreadKindException(
        "TIFF",
        "photometric interpretation "
            + photometric
            + ", "
            + samples
            + " samples a pixel, of "
            + bits
            + " bits");
  }

  private static int[] palette(long[] map) {
    int[] palette = new int[map.length / 3];
    for (int i = 0; i < palette.length; i++) {
      palette[i] =
          Colours.packed(
              (int) map[i] >> 8,
              (int) map[i + palette.length] >> 8,
              (int) map[i + 2 * palette.length] >> 8);
    }
    return palette;
  }

  /** Strips are tiles as wide as the picture. */
  private static void checkBlocks(TiffDirectory directory, PixelLimit limit) throws IOException {
    long compression = directory.first(TiffDirectory.COMPRESSION, 1);
    boolean inkInJpeg =
        compression == JPEG && directory.first(TiffDirectory.PHOTOMETRIC, RGB) == CMYK;
    if (!COMPRESSIONS.contains(compression) || inkInJpeg) {
      throw new UnreadKindException(
          "TIFF", "compression " + compression + (inkInJpeg ? " of CMYK" : ""));
    }
    long width = directory.first(TiffDirectory.WIDTH, 0);
    long height = directory.first(TiffDirectory.HEIGHT, 0);
    boolean tiled = directory.tags().containsKey(TiffDirectory.TILE_WIDTH);
    long blockWidth = directory.first(TiffDirectory.TILE_WIDTH, width);
    long blockHeight =
        tiled
            ? directory.first(TiffDirectory.TILE_LENGTH, 0)
            : Math.min(height, directory.first(TiffDirectory.ROWS_PER_STRIP, height));
    new PixelLimit(Math.max(limit.mostPixels(), LARGEST_TILE)).check(blockWidth, blockHeight);
    long[] offsets =
        directory.all(tiled ? TiffDirectory.TILE_OFFSETS : TiffDirectory.STRIP_OFFSETS);
    long[] lengths =
        directory.all(tiled ? TiffDirectory.TILE_BYTE_COUNTS : TiffDirectory.STRIP_BYTE_COUNTS);
    long planes =
        directory.first(TiffDirectory.PLANAR_CONFIGURATION, 1) == 2
            ? directory.first(TiffDirectory.SAMPLES_PER_PIXEL, 1)
            : 1;
    long count =
        planes
            * ((width + blockWidth - 1) / blockWidth)
            * ((height + blockHeight - 1) / blockHeight);
    if (offsets.length < count || lengths.length < count) {
      throw new IOException(
          "it has " + Math.min(offsets.length, lengths.length) + " of " + count + " strips");
    }
    long pixelBits =
        directory.first(TiffDirectory.BITS_PER_SAMPLE, 1)
            * directory.first(TiffDirectory.SAMPLES_PER_PIXEL, 1);
    long blockBytes = (blockWidth * pixelBits + 7) / 8 * blockHeight;
    long sum = 0;
    for (int i = 0; i < count; i++) {
      if (offsets[i] > directory.file().length - lengths[i]) {
        throw new IOException("its strip " + i + " goes beyond its end");
      }
      sum += lengths[i];
      if (lengths[i] > TABLES + MOST_EXPANSION * blockBytes) {
        throw new IOException("its strip " + i + " has more bytes than its pixels");
      }
      if (compression == LZW) {
        TiffLzw.check(directory.file(), (int) offsets[i], (int) lengths[i]);
      }
      if (compression == JPEG) {
        checkJpeg(directory, (int) offsets[i], (int) lengths[i], blockWidth, blockHeight);
      }
    }
    if (sum > MOST_OVERLAP * (long) directory.file().length) {
      throw new IOException("its strips are in each other");
    }
  }

  private static void checkJpeg(
      TiffDirectory directory, int offset, int length, long width, long height) throws IOException {
    JpegSegments jpeg = JpegSegments.of(directory.file(), offset, offset + length);
    if (jpeg.width() > width || jpeg.height() > height) {
      throw new IOException("a strip is larger than it says");
    }
  }
}
