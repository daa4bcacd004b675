package io.fluxspark.image;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.stream.StreamSupport;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** What the encoders share: pictures as ImageIO sees them, and writing to memory. */
final class ImageIoWriting {
  private static final int CHANNELS = 3;
  private static final ColorModel RGB =
      new ComponentColorModel(
          ColorSpace.getInstance(ColorSpace.CS_sRGB),
          false,
          false,
          Transparency.OPAQUE,
          DataBuffer.TYPE_BYTE);

  private ImageIoWriting() {}

  /** The picture's own bytes in ImageIO's clothes; nothing is copied. */
  static BufferedImage image(Picture picture) {
    WritableRaster raster =
        Raster.createInterleavedRaster(
            new DataBufferByte(picture.rgb(), picture.rgb().length),
            picture.width(),
            picture.height(),
            picture.width() * CHANNELS,
            CHANNELS,
            new int[] {0, 1, 2},
            null);
    return new BufferedImage(RGB, raster, false, null);
  }

  /** Java's own writer: a plug-in on the class path would write other bytes. */
  static ImageWriter javasOwnWriter(PictureFormat format) {
    Iterable<ImageWriter> writers = () -> ImageIO.getImageWritersByMIMEType(format.mime());
    return StreamSupport.stream(writers.spliterator(), false)
        .filter(writer -> writer.getClass().getModule() == ImageIO.class.getModule())
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("this Java has no writer of " + format.formatName()));
  }

  /** Writes and disposes of the writer. */
  static byte[] write(ImageWriter writer, IIOImage image, ImageWriteParam settings)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, image, settings);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  static void checkQuality(int quality) {
    if (quality < 1 || quality > 100) {
      throw new IllegalArgumentException("image quality is " + quality + "; 1 to 100 is wanted");
    }
  }
}
