package io.fluxspark.image;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.util.List;

/** Decodes the picture files that requests bring. Safe for use by several threads. */
public final class InputPictures {
  private static final List<PictureFileDecoder> DECODERS =
      List.of(
          new PngDecoder(),
          new JpegDecoder(),
          new WebpDecoder(),
          new GifDecoder(),
          new BmpDecoder(),
          new TiffDecoder());

  private static final int LONGEST_CAUSE = 200;

  private InputPictures() {}

  /**
   * Decodes a PNG, JPEG, WebP, GIF, BMP or TIFF file, which is known by its first bytes, as
   * Pillow's {@code ImageOps.exif_transpose(Image.open(file)).convert("RGB")} does: the first
   * picture of several, turned as its EXIF or XMP says; alpha is dropped, not blended; colour
   * profiles and gamma are not applied; of 16 bits of a colour the upper 8 count, but values of
   * 16-bit grey above 255 are white.
   *
   * @param maxPixels a picture that has more is refused before any memory is taken for it
   * @throws FluxSparkException {@code INVALID_ROW}, with a message to stand behind the file's name
   */
  public static Picture decode(byte[] file, int maxPixels) {
    PixelLimit limit = new PixelLimit(maxPixels);
    for (PictureFileDecoder decoder : DECODERS) {
      if (decoder.accepts(file)) {
        return decode(decoder, file, limit);
      }
    }
    throw new FluxSparkException(
        ErrorCode.INVALID_ROW,
        "is no picture that can be read; PNG, JPEG, WebP, GIF, BMP or TIFF is needed");
  }

  private static Picture decode(PictureFileDecoder decoder, byte[] file, PixelLimit limit) {
    try {
      return decoder.decode(file, limit);
    } catch (FluxSparkException e) {
      throw e;
    } catch (UnreadKindException e) {
      throw new FluxSparkException(ErrorCode.INVALID_ROW, e.getMessage(), e);
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_ROW, "is cut off or damaged: " + oneLine(e.getMessage()), e);
    } catch (RuntimeException e) {
      // Java's readers answer damaged files with whatever exception comes up
      throw new FluxSparkException(
          ErrorCode.INVALID_ROW, "is cut off or damaged: its data do not fit its headers", e);
    }
  }

  private static String oneLine(String cause) {
    if (cause == null) {
      return "it ends too early";
    }
    String printable = cause.replaceAll("[^ -~]+", " ").strip();
    return printable.length() <= LONGEST_CAUSE
        ? printable
        : printable.substring(0, LONGEST_CAUSE) + "...";
  }
}
