package io.fluxspark.program;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.engine.StandardCapabilities;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;

/** DJL's PyTorch engine: started offline, and its failures typed. */
final class Natives {
  private static final String OFFLINE = "ai.djl.offline";
  private static final ThreadLocal<Boolean> PREPARED = ThreadLocal.withInitial(() -> false);

  private Natives() {}

  /**
   * The engine, with this device.
   *
   * @throws FluxSparkException {@code DEVICE_ERROR} where the natives cannot be loaded, or are for
   *     the CPU and a GPU is asked for
   */
  static Engine engine(Device device) {
    // Left alone, DJL downloads natives that it misses.
    if (System.getProperty(OFFLINE) == null) {
      System.setProperty(OFFLINE, "true");
    }
    Engine engine;
    try {
      engine = Engine.getEngine("PyTorch");
    } catch (EngineException | UnsatisfiedLinkError e) {
      throw new FluxSparkException(
          ErrorCode.DEVICE_ERROR,
          "PyTorch's native libraries cannot be loaded: "
              + rootMessage(e)
              + "; the job must be started with the fat jar, built on a machine of the same kind"
              + " (or, on a GPU, with PYTORCH_LIBRARY_PATH, PYTORCH_VERSION and PYTORCH_FLAVOR)",
          e);
    }
    // Not DJL's count of GPUs: it looks for a libcudart.so, which PyTorch's own packages do not
    // have.
    if (device.isCuda() && !engine.hasCapability(StandardCapabilities.CUDA)) {
      throw new FluxSparkException(
          ErrorCode.DEVICE_ERROR,
          "the task was given "
              + device
              + ", but PyTorch's native libraries here see no GPU; they must be the CUDA build"
              + " (PYTORCH_LIBRARY_PATH, PYTORCH_VERSION, PYTORCH_FLAVOR) and the driver must be"
              + " there");
    }
    return engine;
  }

  static PtNDManager manager(Device device) {
    return (PtNDManager) engine(device).newBaseManager(device.djl());
  }

  /**
   * The profiling executor makes the first calls with each shape slow, and nothing here gains from
   * its fusions.
   */
  static void prepareThread() {
    if (!PREPARED.get()) {
      JniUtils.setGraphExecutorOptimize(false);
      PREPARED.set(true);
    }
  }

  /** A failure of PyTorch with its code; the message is the line that says what happened. */
  static FluxSparkException typed(String what, RuntimeException failure) {
    String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    return new FluxSparkException(
        NativeFailure.codeOf(message), what + ": " + essence(message), failure);
  }

  /**
   * TorchScript's runtime errors stand behind a trace through the program, its compiler's in front
   * of an excerpt.
   */
  private static String essence(String message) {
    String first = message.strip().lines().findFirst().orElse("");
    return message
        .lines()
        .map(String::strip)
        .filter(l -> l.contains("Error: "))
        .reduce((a, b) -> b)
        .orElse(first);
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
  }
}
