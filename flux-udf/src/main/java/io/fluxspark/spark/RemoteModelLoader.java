package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.PreparedImage;
import java.io.IOException;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Loads a pipeline folder that is elsewhere, from the host's copy. All executors load the model
 * that the driver saw: one that has changed since is refused, unless the host has a copy still.
 */
public record RemoteModelLoader(
    RemoteModel model, ModelStoreSettings settings, SerializableConfiguration conf)
    implements ModelLoader {

  @Override
  public ImageGenerator load(ModelKey key) {
    ModelStore.Lease lease = take();
    try {
      return new Leased(FluxModelLoader.load(lease.folder().toString(), key), lease);
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  private ModelStore.Lease take() {
    try {
      return ModelStore.open(settings, conf.value()).take(model);
    } catch (IOException e) {
      boolean isInterrupted = Thread.currentThread().isInterrupted();
      throw new FluxSparkException(
          isInterrupted ? ErrorCode.INTERRUPTED : ErrorCode.INPUT_OUTPUT,
          "model "
              + model.location()
              + ": cannot be brought to "
              + settings.path()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /** Its files are mapped, and must stay as long as it does. */
  private record Leased(ImageGenerator generator, ModelStore.Lease lease)
      implements ImageGenerator {
    @Override
    public GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier cancelled) {
      return generator.generate(batch, cancelled);
    }

    @Override
    public void close() {
      try (lease) {
        generator.close();
      }
    }
  }
}
