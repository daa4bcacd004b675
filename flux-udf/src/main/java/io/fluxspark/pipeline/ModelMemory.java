package io.fluxspark.pipeline;

/**
 * The memory that a batch needs, in bytes, reckoned from the shapes of what is computed. What
 * PyTorch and its kernels keep for themselves comes on top.
 *
 * @param weights that are on the device for good
 * @param encoding the most that encoding texts holds on the device at a time, beside the weights
 * @param denoising the same for denoising
 * @param decoding the same for decoding
 * @param decodingOnHost what decoding holds in the host's memory instead of the device's
 */
public record ModelMemory(
    long weights, long encoding, long denoising, long decoding, long decodingOnHost) {
  /** The most of the device at a time. */
  public long device() {
    return weights + Math.max(encoding, Math.max(denoising, decoding));
  }
}
