package io.fluxspark.spark;

import io.fluxspark.image.PictureFormat;
import io.fluxspark.pipeline.Offload;
import io.fluxspark.request.PictureSettings;
import java.io.Serializable;
import java.util.Objects;
import java.util.Set;

/**
 * What all tasks of a job share.
 *
 * @param location the model as {@link ModelKey} has it
 * @param modelName the model's name in the output
 * @param license the model's license in the output
 * @param settings what decides the bytes of the picture files
 * @param offload what of the model stays in the host's memory
 * @param batchSize the most pictures of one batch, at least 1
 * @param review what is done with every picture besides writing it
 * @param clip what scores the pictures against their prompts; null for none
 * @param store where LoRAs that are elsewhere are kept
 * @param runId the run's name in the output
 */
public record GenerationJob(
    String location,
    String modelName,
    String license,
    PictureSettings settings,
    Set<Offload> offload,
    int batchSize,
    ReviewSettings review,
    ClipModel clip,
    ModelStoreSettings store,
    String runId,
    ModelLoader loader)
    implements Serializable {
  public GenerationJob {
    Objects.requireNonNull(location, "location");
    Objects.requireNonNull(modelName, "modelName");
    Objects.requireNonNull(license, "license");
    Objects.requireNonNull(settings, "settings");
    offload = Set.copyOf(offload);
    Objects.requireNonNull(review, "review");
    Objects.requireNonNull(store, "store");
    Objects.requireNonNull(runId, "runId");
    Objects.requireNonNull(loader, "loader");
    if (batchSize < 1) {
      throw new IllegalArgumentException("a batch of " + batchSize + "; at least 1 is needed");
    }
  }

  /** The model that a task needs on a device, see {@link ModelKey#device}. */
  ModelKey modelKey(String device) {
    return new ModelKey(location, settings.modelDigest(), device, settings.dtype(), offload);
  }

  /** The kind of picture file. */
  PictureFormat pictureFormat() {
    return PictureFormat.fromName(settings.format());
  }
}
