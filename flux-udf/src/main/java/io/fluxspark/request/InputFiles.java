package io.fluxspark.request;

import io.fluxspark.error.FluxSparkException;
import java.io.Serializable;

/** Files that rows name, looked at without reading them whole. */
public interface InputFiles extends Serializable {
  /**
   * A row's path as every executor can open it.
   *
   * @throws FluxSparkException {@code INVALID_ROW} for a path that cannot be one, or that is
   *     relative where nothing says to what
   */
  String resolve(String path);

  /**
   * What changes when the file does, such as an etag.
   *
   * @param path from {@link #resolve}
   * @throws FluxSparkException {@code INVALID_ROW} where there is no such file
   */
  String version(String path);

  /**
   * The identity of a LoRA's file, which is the same for copies of it where that can be known
   * cheaply.
   *
   * @param path from {@link #resolve}
   * @throws FluxSparkException {@code INVALID_ROW} where there is none or it is no LoRA
   */
  String loraDigest(String path);
}
