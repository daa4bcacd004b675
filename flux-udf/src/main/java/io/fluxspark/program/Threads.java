package io.fluxspark.program;

import ai.djl.pytorch.jni.JniUtils;

/** How many threads PyTorch computes with. */
public final class Threads {
  private Threads() {}

  /** The processors that this process may use. */
  public static int all() {
    return Runtime.getRuntime().availableProcessors();
  }

  /**
   * Sets how many threads each call of the calling thread computes with.
   *
   * @param count at least 1; less counts as 1
   */
  public static void ofEachCall(int count) {
    Natives.engine(Device.cpu());
    JniUtils.setNumThreads(Math.max(1, count));
  }
}
