package io.fluxspark.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Picture files, and what Pillow makes of them ({@code src/test/python/make_picture_files.py}). */
final class GoldenPictures {
  private static final Path FOLDER = Path.of("src/test/resources/golden/pictures");

  private GoldenPictures() {}

  /** Names of files in a folder, sorted. */
  static List<String> names(String folder) {
    try (Stream<Path> files = Files.list(FOLDER.resolve(folder))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] file(String name) {
    try {
      return Files.readAllBytes(FOLDER.resolve("files").resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An RGB or grey picture that Pillow wrote as PNG, read by Java alone. */
  static Picture expected(String name) throws IOException {
    BufferedImage image = ImageIO.read(FOLDER.resolve(name).toFile());
    int bands = image.getRaster().getNumBands();
    int[] samples =
        image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) samples[bands == 1 ? i / 3 : i];
    }
    return new Picture(image.getWidth(), image.getHeight(), rgb);
  }
}
