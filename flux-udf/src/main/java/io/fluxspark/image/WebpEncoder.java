package io.fluxspark.image;

import com.luciad.imageio.webp.CompressionType;
import com.luciad.imageio.webp.WebPImageWriterSpi;
import com.luciad.imageio.webp.WebPWriteParam;
import com.luciad.imageio.webp.WebPWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import javax.imageio.IIOImage;

/**
 * WebP with the parameters as JSON in the EXIF user comment.
 *
 * <p>The library writes the simple container, {@code RIFF size WEBP chunk}; metadata wants the
 * extended one, in which a {@code VP8X} chunk goes before and an {@code EXIF} chunk behind (WebP
 * Container Specification).
 */
final class WebpEncoder implements PictureEncoder {
  private static final int LOSSLESS = 100;
  private static final int FILE_HEADER = 12;
  private static final int CHUNK_HEADER = 8;
  private static final int EXTENDED = 10;
  private static final int HAS_EXIF = 1 << 3;

  @Override
  public byte[] encode(Picture picture, int quality, Map<String, String> parameters) {
    ImageIoWriting.checkQuality(quality);
    Parameters checked = Parameters.of(parameters);
    // made here, not found by ImageIO: ImageIO does not look into jars that Spark adds later
    WebPWriter writer = new WebPWriter(new WebPImageWriterSpi());
    WebPWriteParam settings = writer.getDefaultWriteParam();
    settings.setCompressionType(
        quality == LOSSLESS ? CompressionType.Lossless : CompressionType.Lossy);
    settings.setCompressionQuality(quality / 100f);
    try {
      byte[] webp =
          ImageIoWriting.write(
              writer, new IIOImage(ImageIoWriting.image(picture), null, null), settings);
      return checked.values().isEmpty()
          ? webp
          : withExif(picture, webp, Exif.bytes(Exif.withComment(checked.json())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] withExif(Picture picture, byte[] webp, byte[] exif) {
    int pixels = webp.length - FILE_HEADER;
    ByteBuffer file =
        ByteBuffer.allocate(
                webp.length + CHUNK_HEADER + EXTENDED + CHUNK_HEADER + padded(exif.length))
            .order(ByteOrder.LITTLE_ENDIAN);
    putName(file, "RIFF").putInt(file.capacity() - CHUNK_HEADER);
    putName(file, "WEBP");
    putName(file, "VP8X").putInt(EXTENDED).putInt(HAS_EXIF);
    put24(put24(file, picture.width() - 1), picture.height() - 1);
    file.put(webp, FILE_HEADER, pixels);
    putName(file, "EXIF").putInt(exif.length).put(exif);
    return file.array();
  }

  private static ByteBuffer putName(ByteBuffer file, String name) {
    return file.put(name.getBytes(StandardCharsets.US_ASCII));
  }

  private static ByteBuffer put24(ByteBuffer file, int value) {
    return file.put((byte) value).putShort((short) (value >>> Byte.SIZE));
  }

  /** Chunks begin at even places. */
  private static int padded(int length) {
    return length + (length & 1);
  }
}
