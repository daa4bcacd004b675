package io.fluxspark.spark;

import io.fluxspark.pipeline.Offload;
import java.io.Serializable;
import java.util.Objects;
import java.util.Set;

/**
 * Which loaded model a task needs.
 *
 * @param location the model as the job names it, a folder, its URI, or {@code builtin:NAME}
 * @param digest of the model's files, so that a changed folder is another model
 * @param device {@code cpu}, or {@code gpu:ADDRESS} with the address that Spark gave the task
 * @param dtype {@code float32}, {@code bfloat16} or {@code float16}
 * @param offload what of the model stays in the host's memory
 */
public record ModelKey(
    String location, String digest, String device, String dtype, Set<Offload> offload)
    implements Serializable {
  /** The device of tasks that were given no GPU. */
  public static final String CPU = "cpu";

  /** What stands before the address of a GPU. */
  public static final String GPU_PREFIX = "gpu:";

  public ModelKey {
    Objects.requireNonNull(location, "location");
    Objects.requireNonNull(digest, "digest");
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(dtype, "dtype");
    offload = Set.copyOf(offload);
  }
}
