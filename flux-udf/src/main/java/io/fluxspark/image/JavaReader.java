package io.fluxspark.image;

import java.awt.image.Raster;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;

/**
 * One of Java's own readers of picture files. What is on the class path cannot take its place, and
 * it is not looked for there: class loaders of Spark's executors differ.
 */
final class JavaReader {
  private final ImageReaderSpi provider;

  private JavaReader(ImageReaderSpi provider) {
    this.provider = provider;
  }

  /**
   * @param format as ImageIO calls it
   */
  static JavaReader of(String format) {
    Iterator<ImageReaderSpi> providers =
        IIORegistry.getDefaultInstance()
            .getServiceProviders(
                ImageReaderSpi.class,
                provider -> isJavasOwn(provider) && isFor(format, (ImageReaderSpi) provider),
                true);
    if (!providers.hasNext()) {
      throw new IllegalStateException("this Java has no reader of " + format);
    }
    return new JavaReader(providers.next());
  }

  private static boolean isJavasOwn(Object provider) {
    return provider.getClass().getModule() == ImageIO.class.getModule();
  }

  private static boolean isFor(String format, ImageReaderSpi provider) {
    return Arrays.asList(provider.getFormatNames()).contains(format);
  }

  /** The pixels of the first picture as the file has them, whatever their colours are. */
  Raster raster(byte[] file) throws IOException {
    return reading(file, reader -> reader.readRaster(0, null));
  }

  /** The samples of the first picture, in an order of colours that Java has chosen. */
  Raster samples(byte[] file) throws IOException {
    return reading(file, reader -> reader.read(0).getRaster());
  }

  private Raster reading(byte[] file, Reading reading) throws IOException {
    ImageReader reader = provider.createReaderInstance();
    try (BytesInput in = new BytesInput(file)) {
      reader.setInput(in, true, true);
      return reading.raster(reader);
    } finally {
      reader.dispose();
    }
  }

  @FunctionalInterface
  private interface Reading {
    Raster raster(ImageReader reader) throws IOException;
  }
}
