package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a host keeps models that came from elsewhere.
 *
 * @param folder of the host; empty for the host's own: below {@code XDG_CACHE_HOME} or the user's
 *     {@code .cache}, else below {@code java.io.tmpdir}
 * @param maxBytes the most that all models in it may take
 */
public record ModelStoreSettings(String folder, long maxBytes) implements Serializable {
  /** The host's own folder, without a limit. */
  public static final ModelStoreSettings DEFAULT = new ModelStoreSettings("", Long.MAX_VALUE);

  public ModelStoreSettings {
    Objects.requireNonNull(folder, "folder");
    if (maxBytes <= 0) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--model-cache-size: " + maxBytes + "; a size above 0 is needed, such as 200g");
    }
  }

  /** The folder on this host; not made yet. */
  Path path() {
    return folder.isEmpty() ? ofHost() : Path.of(folder).toAbsolutePath();
  }

  private static Path ofHost() {
    String caches = System.getenv("XDG_CACHE_HOME");
    if (caches != null && !caches.isEmpty()) {
      return Path.of(caches, "fluxspark", "models");
    }
    Path home = Path.of(System.getProperty("user.home", ""));
    return home.isAbsolute() && Files.isWritable(home)
        ? home.resolve(".cache/fluxspark/models")
        // Executors of some clusters run as users without a home. Others may share the folder.
        : Path.of(
            System.getProperty("java.io.tmpdir"),
            "fluxspark-models-" + System.getProperty("user.name"));
  }
}
