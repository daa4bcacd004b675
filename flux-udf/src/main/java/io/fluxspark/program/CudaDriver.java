package io.fluxspark.program;

import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;
import java.util.OptionalInt;

/** What NVIDIA's driver says of a GPU. PyTorch does not tell programs. */
final class CudaDriver {
  private static final String LIBRARY = "libcuda.so.1";

  /** {@code CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR} of the driver's interface. */
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;

  private CudaDriver() {}

  /**
   * The first number of a GPU's compute capability: 8 for Ampere and Ada, 9 for Hopper.
   *
   * @return empty where there is no driver, or no such GPU
   */
  static OptionalInt computeCapability(Device gpu) {
    try {
      NativeLibrary driver = NativeLibrary.getInstance(LIBRARY);
      IntByReference handle = new IntByReference();
      IntByReference major = new IntByReference();
      boolean isKnown =
          succeeds(driver, "cuInit", 0)
              && succeeds(driver, "cuDeviceGet", handle, gpu.index())
              && succeeds(
                  driver,
                  "cuDeviceGetAttribute",
                  major,
                  COMPUTE_CAPABILITY_MAJOR,
                  handle.getValue());
      return isKnown ? OptionalInt.of(major.getValue()) : OptionalInt.empty();
    } catch (LinkageError e) {
      return OptionalInt.empty();
    }
  }

  private static boolean succeeds(NativeLibrary driver, String function, Object... arguments) {
    return driver.getFunction(function).invokeInt(arguments) == 0;
  }
}
