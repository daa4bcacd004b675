package io.fluxspark.program;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import io.fluxspark.error.FluxSparkException;

/** The memory of freed tensors that PyTorch keeps for the next ones. */
public final class DeviceCache {
  private DeviceCache() {}

  /**
   * Gives that memory back to a GPU, in whole: what is left there in pieces is of no use for a
   * tensor that is larger than each. PyTorch keeps none on the CPU.
   *
   * @throws FluxSparkException {@code DEVICE_ERROR} or {@code DEVICE_LOST} where the GPU fails
   */
  public static void empty(Device device) {
    if (!device.isCuda()) {
      return;
    }
    Natives.engine(device);
    try {
      JniUtils.emptyCudaCache();
    } catch (EngineException e) {
      throw Natives.typed("emptying PyTorch's cache of " + device, e);
    }
  }
}
