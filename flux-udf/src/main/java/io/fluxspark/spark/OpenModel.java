package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.pipeline.Variant;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A model whose folder is on this host as long as this is open. One that is elsewhere is brought
 * here first.
 *
 * @param location as executors load it
 * @param name the last part of where it is
 * @param loader for executors
 */
public record OpenModel(
    ModelFolder folder, String location, String name, ModelLoader loader, Runnable release)
    implements AutoCloseable {

  /**
   * Opens a model.
   *
   * @param location a folder, its URI, or {@code builtin:NAME}
   * @param variant what the user says that it is
   * @param store where this host keeps models that are elsewhere
   * @param conf gives what knows the file systems; asked for models that are elsewhere alone
   * @param bringing is told what is brought here before that begins, and to which folder
   * @throws FluxSparkException {@code INVALID_MODEL} when there is none, or it cannot be loaded
   * @throws IOException when it cannot be brought here
   */
  public static OpenModel of(
      String location,
      Optional<Variant> variant,
      ModelStoreSettings store,
      Supplier<Configuration> conf,
      BiConsumer<RemoteModel, Path> bringing)
      throws IOException {
    return RemoteModel.isRemote(location)
        ? remote(location, variant, store, conf.get(), bringing)
        : local(location, variant);
  }

  private static OpenModel local(String location, Optional<Variant> variant) {
    ModelFolder folder = ModelLocation.open(location, variant);
    return ModelLocation.builtin(location)
        .map(name -> new OpenModel(folder, location, name, new FluxModelLoader(), () -> {}))
        .orElseGet(
            () ->
                new OpenModel(
                    folder,
                    folder.path().toString(),
                    String.valueOf(folder.path().getFileName()),
                    new FluxModelLoader(),
                    () -> {}));
  }

  private static OpenModel remote(
      String location,
      Optional<Variant> variant,
      ModelStoreSettings settings,
      Configuration conf,
      BiConsumer<RemoteModel, Path> bringing)
      throws IOException {
    RemoteModel model = RemoteModel.find(location, conf);
    ModelStore store = ModelStore.open(settings, conf);
    if (!store.has(model)) {
      bringing.accept(model, store.root());
    }
    ModelStore.Lease lease = store.take(model);
    try {
      return new OpenModel(
          ModelLocation.open(lease.folder().toString(), variant),
          model.location(),
          model.name(),
          new RemoteModelLoader(model, settings, new SerializableConfiguration(conf)),
          lease::close);
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  @Override
  public void close() {
    release.run();
  }
}
