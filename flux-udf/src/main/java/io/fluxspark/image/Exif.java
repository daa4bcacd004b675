package io.fluxspark.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import org.apache.commons.imaging.formats.tiff.constants.ExifTagConstants;
import org.apache.commons.imaging.formats.tiff.write.TiffImageWriterLossy;
import org.apache.commons.imaging.formats.tiff.write.TiffOutputSet;

/** EXIF with nothing but a user comment. */
final class Exif {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private Exif() {}

  /**
   * @param ascii the comment
   */
  static TiffOutputSet withComment(String ascii) throws IOException {
    TiffOutputSet exif = new TiffOutputSet(ORDER);
    exif.addRootDirectory();
    exif.addExifDirectory().add(ExifTagConstants.EXIF_TAG_USER_COMMENT, ascii);
    return exif;
  }

  static byte[] bytes(TiffOutputSet exif) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new TiffImageWriterLossy(ORDER).write(bytes, exif);
    return bytes.toByteArray();
  }
}
