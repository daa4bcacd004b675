package io.fluxspark.spark;

import io.fluxspark.clip.ClipFolder;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.Serializable;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;

/**
 * The CLIP model that a job scores pictures with, not loaded.
 *
 * @param location its folder, which every executor must see under the same path
 * @param digest of its files
 */
public record ClipModel(String location, String digest) implements Serializable {
  /** In which it computes, whatever its weights are stored in and pictures are made in. */
  private static final String DTYPE = "float32";

  public ClipModel {
    Objects.requireNonNull(location, "location");
    Objects.requireNonNull(digest, "digest");
  }

  /**
   * Looks through a folder, see {@link ClipFolder}, without reading a weight.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} that names the option and what is wrong
   */
  public static ClipModel open(String location) {
    try {
      ClipFolder folder = ClipFolder.open(Path.of(location));
      folder.verify();
      return new ClipModel(folder.path().toString(), folder.digest());
    } catch (InvalidPathException e) {
      throw named(location + ": is no path: " + e.getMessage(), e);
    } catch (FluxSparkException e) {
      throw e.code() == ErrorCode.INVALID_MODEL ? named(e.getMessage(), e) : e;
    }
  }

  private static FluxSparkException named(String problem, Exception cause) {
    return new FluxSparkException(ErrorCode.INVALID_MODEL, "--clip-model: " + problem, cause);
  }

  /** The model on a device, as {@link ModelKey} names devices. */
  ModelKey key(String device) {
    return new ModelKey(location, digest, device, DTYPE, Set.of());
  }
}
