package io.fluxspark.pipeline;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;

/** The outcome of one request of a batch. */
public sealed interface GeneratedImage {
  /** The picture was made. */
  record Made(Picture picture) implements GeneratedImage {}

  /** The request cannot be met; its neighbours are not concerned. */
  record Failed(FluxSparkException failure) implements GeneratedImage {}
}
