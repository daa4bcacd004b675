package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.ImageInputs;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputImage;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestInputs;
import io.fluxspark.request.Task;
import java.util.List;
import java.util.Optional;

/** Reads and decodes the pictures that planned requests bring, and finds their LoRAs' files. */
record InputReader(PictureReader pictures, LoraFiles loras) {
  /** What became of a request's pictures. */
  sealed interface Loaded {
    PlannedImage planned();
  }

  /**
   * All are there.
   *
   * @param planned with the bytes of its pictures
   */
  record Ready(PlannedImage planned, PreparedImage prepared) implements Loaded {}

  /** One cannot be used. */
  record Unreadable(PlannedImage planned, FluxSparkException failure) implements Loaded {}

  Loaded load(PlannedImage planned) {
    try {
      GenerationRequest request = planned.request().request();
      List<java.nio.file.Path> files = request.loras().stream().map(loras::path).toList();
      return request.inputs().task() == Task.TEXT_TO_IMAGE
          ? new Ready(planned, new PreparedImage(planned.request(), ImageInputs.none(), files))
          : read(planned, files);
    } catch (FluxSparkException e) {
      return new Unreadable(planned, e);
    } catch (OutOfMemoryError e) {
      return new Unreadable(
          planned,
          new FluxSparkException(
              ErrorCode.OUT_OF_MEMORY, "its pictures do not fit in the Java heap", e));
    }
  }

  private Ready read(PlannedImage planned, List<java.nio.file.Path> loraFiles) {
    ImageRequest image = planned.request();
    GenerationRequest request = image.request();
    RequestInputs given = request.inputs();
    RequestInputs read =
        new RequestInputs(
            given.task(),
            given.image().map(file -> withBytes(RequestColumns.IMAGE, file)),
            given.maskImage().map(file -> withBytes(RequestColumns.MASK_IMAGE, file)),
            given.controlImage().map(file -> withBytes(RequestColumns.CONTROL_IMAGE, file)),
            given.strength(),
            given.autoResize());
    GenerationRequest whole = request.withInputs(read);
    Picture shown =
        read.image()
            .map(file -> pictures.decoded(RequestColumns.IMAGE, file))
            .or(
                () ->
                    read.controlImage()
                        .map(file -> pictures.decoded(RequestColumns.CONTROL_IMAGE, file)))
            .orElseThrow();
    Optional<Picture> mask =
        read.maskImage().map(file -> pictures.decoded(RequestColumns.MASK_IMAGE, file));
    ImageRequest ready = new ImageRequest(whole, image.index(), image.requestKey());
    return new Ready(
        new PlannedImage(ready, planned.row()),
        new PreparedImage(ready, ImageInputs.of(whole, shown, mask), loraFiles));
  }

  private InputImage withBytes(String column, InputImage image) {
    return image.file().isPresent()
        ? image
        : new InputImage(image.path(), pictures.bytes(column, image), image.version());
  }
}
