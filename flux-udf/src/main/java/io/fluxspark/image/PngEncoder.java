package io.fluxspark.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;

/**
 * PNG with a text chunk for each parameter: {@code tEXt} where Latin-1 will do, else {@code iTXt}.
 */
final class PngEncoder implements PictureEncoder {
  private static final String TREE = "javax_imageio_png_1.0";

  @Override
  public byte[] encode(Picture picture, int quality, Map<String, String> parameters) {
    ImageIoWriting.checkQuality(quality);
    BufferedImage image = ImageIoWriting.image(picture);
    ImageWriter writer = ImageIoWriting.javasOwnWriter(PictureFormat.PNG);
    ImageWriteParam settings = writer.getDefaultWriteParam();
    IIOMetadata metadata =
        writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(image), settings);
    try {
      metadata.mergeTree(TREE, texts(Parameters.of(parameters)));
      return ImageIoWriting.write(writer, new IIOImage(image, null, metadata), settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static IIOMetadataNode texts(Parameters parameters) {
    IIOMetadataNode latin = new IIOMetadataNode("tEXt");
    IIOMetadataNode international = new IIOMetadataNode("iTXt");
    parameters
        .values()
        .forEach(
            (key, value) -> {
              boolean isLatin = StandardCharsets.ISO_8859_1.newEncoder().canEncode(value);
              (isLatin ? latin : international)
                  .appendChild(isLatin ? latinEntry(key, value) : entry(key, value));
            });
    IIOMetadataNode root = new IIOMetadataNode(TREE);
    for (IIOMetadataNode node : new IIOMetadataNode[] {international, latin}) {
      if (node.hasChildNodes()) {
        root.appendChild(node);
      }
    }
    return root;
  }

  private static IIOMetadataNode latinEntry(String key, String value) {
    IIOMetadataNode entry = new IIOMetadataNode("tEXtEntry");
    entry.setAttribute("keyword", key);
    entry.setAttribute("value", value);
    return entry;
  }

  private static IIOMetadataNode entry(String key, String value) {
    IIOMetadataNode entry = new IIOMetadataNode("iTXtEntry");
    entry.setAttribute("keyword", key);
    entry.setAttribute("compressionFlag", "FALSE");
    entry.setAttribute("compressionMethod", "0");
    entry.setAttribute("languageTag", "");
    entry.setAttribute("translatedKeyword", "");
    entry.setAttribute("text", value);
    return entry;
  }
}
