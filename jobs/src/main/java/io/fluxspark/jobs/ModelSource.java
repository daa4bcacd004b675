package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.Variant;
import io.fluxspark.spark.ModelStoreSettings;
import io.fluxspark.spark.OpenModel;
import io.fluxspark.spark.RemoteModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * A model as a job names it.
 *
 * @param location a folder, its URI, or {@code builtin:NAME}
 * @param variant what the user says that it is
 * @param store where hosts keep models that are elsewhere
 * @param environment whose Spark knows the file systems
 */
record ModelSource(
    String location, Optional<Variant> variant, ModelStoreSettings store, Environment environment) {
  private static final double GIGABYTE = 1e9;

  /**
   * Opens the model.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when it is not one, or cannot be brought here
   */
  OpenModel open() {
    try {
      return OpenModel.of(
          location,
          variant,
          store,
          () -> environment.spark().get().sparkContext().hadoopConfiguration(),
          this::tell);
    } catch (IOException e) {
      throw notBrought(e);
    } catch (RuntimeException e) {
      throw e instanceof FluxSparkException || !RemoteModel.isRemote(location) ? e : notBrought(e);
    }
  }

  private FluxSparkException notBrought(Exception e) {
    return StorageFailure.of(
        ErrorCode.INVALID_MODEL, "model " + location, "cannot be brought here", e);
  }

  private void tell(RemoteModel model, Path store) {
    environment
        .err()
        .printf(
            Locale.ROOT,
            "fluxspark: bringing %s (%.3f GB) to %s%n",
            Secrets.redacted(model.location()),
            model.bytes() / GIGABYTE,
            store);
  }
}
