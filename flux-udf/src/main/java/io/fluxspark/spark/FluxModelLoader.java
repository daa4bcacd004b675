package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;

/** Loads pipeline folders, which every executor must see under the same path. */
public record FluxModelLoader() implements ModelLoader {
  @Override
  public ImageGenerator load(ModelKey key) {
    return load(key.location(), key);
  }

  /** Loads what a key names, from a folder of this host. */
  static ImageGenerator load(String location, ModelKey key) {
    return FluxPipeline.load(
        ModelLocation.open(location),
        device(key.device()),
        DataType.fromName(key.dtype()),
        key.offload());
  }

  /** A device by its name in {@link ModelKey}. */
  static Device device(String name) {
    if (name.equals(ModelKey.CPU)) {
      return Device.cpu();
    }
    String address = name.substring(ModelKey.GPU_PREFIX.length());
    try {
      return Device.cuda(Integer.parseInt(address));
    } catch (IllegalArgumentException e) {
      throw new FluxSparkException(
          ErrorCode.DEVICE_ERROR,
          "Spark gave the task GPU '" + address + "'; the address must be the GPU's number",
          e);
    }
  }
}
