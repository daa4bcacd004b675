package io.fluxspark.pipeline;

import io.fluxspark.request.ImageRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * One picture to make, with its input.
 *
 * @param inputs what the request's task needs
 * @param loraFiles on this host, in the order of the request's LoRAs
 */
public record PreparedImage(ImageRequest request, ImageInputs inputs, List<Path> loraFiles) {
  public PreparedImage {
    Objects.requireNonNull(request, "request");
    Objects.requireNonNull(inputs, "inputs");
    loraFiles = List.copyOf(loraFiles);
    if (loraFiles.size() != request.request().loras().size()) {
      throw new IllegalArgumentException("a request's LoRAs have one file each");
    }
  }
}
