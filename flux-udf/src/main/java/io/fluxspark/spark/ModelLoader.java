package io.fluxspark.spark;

import io.fluxspark.pipeline.ImageGenerator;
import java.io.Serializable;

/** Loads models in the executors. */
public interface ModelLoader extends Serializable {
  /**
   * Loads one model onto one device; the caller closes it.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code DEVICE_ERROR} when the key names a GPU and
   *     the natives here have none; {@code INVALID_MODEL} when the folder is not what it was
   */
  ImageGenerator load(ModelKey key);
}
