package io.fluxspark.request;

import java.io.Serializable;
import java.util.Objects;

/**
 * What decides the bytes of a job's picture files besides the requests.
 *
 * @param format of the picture files, {@code png}, {@code jpeg} or {@code webp}
 * @param quality of the picture files, 1 to 100
 * @param dtype that the model computes in
 * @param modelDigest the model's identity
 */
public record PictureSettings(String format, int quality, String dtype, String modelDigest)
    implements Serializable {
  public PictureSettings {
    Objects.requireNonNull(format, "format");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(modelDigest, "modelDigest");
    if (quality < 1 || quality > 100) {
      throw new IllegalArgumentException("quality " + quality + " is not from 1 to 100");
    }
  }
}
