package io.fluxspark.program;

/**
 * Where tensors live and are computed.
 *
 * @param type {@code cpu} or {@code cuda}
 * @param index which of several; 0 for the CPU
 */
public record Device(String type, int index) {
  private static final String CUDA = "cuda";

  public Device {
    if (!type.equals("cpu") && !type.equals(CUDA)) {
      throw new IllegalArgumentException("device " + type + " is neither cpu nor cuda");
    }
    if (index < 0) {
      throw new IllegalArgumentException("device index " + index + " is negative");
    }
    if (type.equals("cpu") && index > 0) {
      throw new IllegalArgumentException("device index " + index + "; there is one CPU, 0");
    }
  }

  public static Device cpu() {
    return new Device("cpu", 0);
  }

  public static Device cuda(int index) {
    return new Device(CUDA, index);
  }

  public boolean isCuda() {
    return type.equals(CUDA);
  }

  ai.djl.Device djl() {
    return isCuda() ? ai.djl.Device.gpu(index) : ai.djl.Device.cpu();
  }

  /** PyTorch's name: {@code cpu}, {@code cuda:0}. */
  @Override
  public String toString() {
    return isCuda() ? CUDA + ":" + index : type;
  }
}
