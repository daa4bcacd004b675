package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.spark.FluxModelLoader;
import io.fluxspark.spark.ModelLoader;
import io.fluxspark.spark.ModelStore;
import io.fluxspark.spark.RemoteModel;
import io.fluxspark.spark.RemoteModelLoader;
import java.io.IOException;
import java.util.Locale;
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
record OpenModel(
    ModelFolder folder, String location, String name, ModelLoader loader, Runnable release)
    implements AutoCloseable {
  private static final double GIGABYTE = 1e9;

  static OpenModel of(ModelSource source) {
    return RemoteModel.isRemote(source.location()) ? remote(source) : local(source);
  }

  private static OpenModel local(ModelSource source) {
    String location = source.location();
    ModelFolder folder = ModelLocation.open(location, source.variant());
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

  private static OpenModel remote(ModelSource source) {
    Configuration conf = source.environment().spark().get().sparkContext().hadoopConfiguration();
    RemoteModel model;
    ModelStore.Lease lease;
    try {
      model = RemoteModel.find(source.location(), conf);
      ModelStore store = ModelStore.open(source.store(), conf);
      if (!store.has(model)) {
        source
            .environment()
            .err()
            .printf(
                Locale.ROOT,
                "fluxspark: bringing %s (%.3f GB) to %s%n",
                Secrets.redacted(model.location()),
                model.bytes() / GIGABYTE,
                store.root());
      }
      lease = store.take(model);
    } catch (FluxSparkException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw StorageFailure.of(
          ErrorCode.INVALID_MODEL, "model " + source.location(), "cannot be brought here", e);
    }
    try {
      return new OpenModel(
          ModelLocation.open(lease.folder().toString(), source.variant()),
          model.location(),
          model.name(),
          new RemoteModelLoader(model, source.store(), new SerializableConfiguration(conf)),
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
