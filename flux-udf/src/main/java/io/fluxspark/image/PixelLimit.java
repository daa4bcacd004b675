package io.fluxspark.image;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;

/**
 * How large a picture may be; asked before memory is taken for it.
 *
 * @param mostPixels width times height
 */
record PixelLimit(int mostPixels) {
  PixelLimit {
    if (mostPixels < 1) {
      throw new IllegalArgumentException("at most " + mostPixels + " pixels is no limit");
    }
  }

  /**
   * @throws FluxSparkException {@code INVALID_ROW} when there are more
   * @throws IOException when there are none
   */
  void check(long width, long height) throws IOException {
    if (width < 1 || height < 1) {
      throw new IOException("it has " + width + " x " + height + " pixels");
    }
    if (width > mostPixels / height) {
      throw new FluxSparkException(
          ErrorCode.INVALID_ROW,
          "has " + width + " x " + height + " pixels; at most " + mostPixels + " are read");
    }
  }
}
