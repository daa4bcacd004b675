package io.fluxspark.pipeline;

import java.util.List;

/**
 * What one call of the pipeline made.
 *
 * @param images in the order of the batch
 * @param seconds spent by the whole batch
 * @param textsEncoded texts that were not known from batches before
 */
public record GeneratedBatch(List<GeneratedImage> images, StageSeconds seconds, int textsEncoded) {
  public GeneratedBatch {
    images = List.copyOf(images);
  }
}
