package io.fluxspark.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.apache.commons.imaging.formats.jpeg.exif.ExifRewriter;

/** JPEG with the parameters as JSON in the EXIF user comment. */
final class JpegEncoder implements PictureEncoder {
  /** A JPEG segment has at most 65,533 bytes; EXIF's own directories need about a hundred. */
  private static final int LONGEST_COMMENT = 65_000;

  @Override
  public byte[] encode(Picture picture, int quality, Map<String, String> parameters) {
    ImageIoWriting.checkQuality(quality);
    Parameters checked = Parameters.of(parameters);
    ImageWriter writer = ImageIoWriting.javasOwnWriter(PictureFormat.JPEG);
    ImageWriteParam settings = writer.getDefaultWriteParam();
    settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    settings.setCompressionQuality(quality / 100f);
    try {
      byte[] jpeg =
          ImageIoWriting.write(
              writer, new IIOImage(ImageIoWriting.image(picture), null, null), settings);
      if (checked.values().isEmpty()) {
        return jpeg;
      }
      ByteArrayOutputStream out = new ByteArrayOutputStream(jpeg.length + LONGEST_COMMENT);
      new ExifRewriter()
          .updateExifMetadataLossless(jpeg, out, Exif.withComment(checked.json(LONGEST_COMMENT)));
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
