package io.fluxspark.pipeline;

import java.util.List;

/**
 * What one call of the pipeline made.
 *
 * @param images in the order of the batch
 * @param seconds spent by the whole batch
 */
public record GeneratedBatch(List<GeneratedImage> images, StageSeconds seconds) {
  public GeneratedBatch {
    images = List.copyOf(images);
  }
}
