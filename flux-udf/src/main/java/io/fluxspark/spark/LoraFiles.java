package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.Lora;
import io.fluxspark.weights.LoraFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/**
 * The LoRA files that one task uses, on this host: those that are elsewhere are brought here as
 * models are, and stay until this is closed.
 */
final class LoraFiles implements AutoCloseable {
  private final ModelStoreSettings settings;
  private final Configuration conf;
  private final Map<String, Path> known = new HashMap<>();
  private final List<ModelStore.Lease> leases = new ArrayList<>();

  LoraFiles(ModelStoreSettings settings, Configuration conf) {
    this.settings = settings;
    this.conf = conf;
  }

  /**
   * A LoRA's file.
   *
   * @throws FluxSparkException {@code INVALID_ROW} where it is not what it was when the run was
   *     planned, {@code INPUT_OUTPUT} where it cannot be brought here
   */
  Path path(Lora lora) {
    String key = lora.digest() + " " + lora.path();
    Path path = known.get(key);
    if (path == null) {
      path = RemoteModel.isRemote(lora.path()) ? brought(lora) : local(lora);
      known.put(key, path);
    }
    return path;
  }

  private static Path local(Lora lora) {
    Path path = LocalFiles.path(lora.path());
    if (!LoraFile.open(path).digest().equals(lora.digest())) {
      throw changed(lora);
    }
    return path;
  }

  private Path brought(Lora lora) {
    try {
      RemoteModel model = RemoteModel.file(lora.path(), conf);
      RemoteModel.RemoteFile file = model.files().get(0);
      if (!file.version().equals(lora.digest())) {
        throw changed(lora);
      }
      ModelStore.Lease lease = ModelStore.open(settings, conf).take(model);
      leases.add(lease);
      return lease.folder().resolve(file.name());
    } catch (IOException e) {
      throw new FluxSparkException(
          Thread.currentThread().isInterrupted() ? ErrorCode.INTERRUPTED : ErrorCode.INPUT_OUTPUT,
          "lora: '" + lora.path() + "'; cannot be brought to this host: " + e,
          e);
    }
  }

  private static FluxSparkException changed(Lora lora) {
    return new FluxSparkException(
        ErrorCode.INVALID_ROW,
        "lora: '" + lora.path() + "'; has been changed since the run was planned; start it again");
  }

  @Override
  public void close() {
    leases.forEach(ModelStore.Lease::close);
    leases.clear();
  }
}
