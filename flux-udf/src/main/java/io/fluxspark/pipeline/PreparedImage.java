package io.fluxspark.pipeline;

import io.fluxspark.request.ImageRequest;
import java.util.Objects;

/**
 * One picture to make, with its input.
 *
 * @param inputs what the request's task needs
 */
public record PreparedImage(ImageRequest request, ImageInputs inputs) {
  public PreparedImage {
    Objects.requireNonNull(request, "request");
    Objects.requireNonNull(inputs, "inputs");
  }
}
