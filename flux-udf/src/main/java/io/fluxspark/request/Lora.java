package io.fluxspark.request;

import java.util.Objects;

/**
 * A LoRA that a row uses.
 *
 * @param path of its safetensors file
 * @param digest of the file
 * @param scale by which it counts, diffusers' {@code lora_scale}; any finite number
 */
public record Lora(String path, String digest, double scale) {
  public Lora {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(digest, "digest");
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("a scale of " + scale + " is not finite");
    }
  }

  /** What tells it from others. */
  String identity() {
    return digest + "*" + scale;
  }
}
