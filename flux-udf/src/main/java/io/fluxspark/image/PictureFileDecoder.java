package io.fluxspark.image;

import java.io.IOException;

/**
 * Decodes one kind of picture file. What the library behind it gets to see is only what makes up
 * the pixels, and only after the sizes in it were checked against the file and the limit. Instances
 * have no state.
 *
 * <p>Methods may throw {@code IndexOutOfBoundsException} and {@code BufferUnderflowException} where
 * a file ends too early.
 */
interface PictureFileDecoder {
  /** Whether the file begins as this kind does. */
  boolean accepts(byte[] file);

  /**
   * Decodes the file's first picture, turned as its orientation says, without its alpha.
   *
   * @throws IOException when the file is damaged, or of a kind that is not read
   */
  Picture decode(byte[] file, PixelLimit limit) throws IOException;
}
