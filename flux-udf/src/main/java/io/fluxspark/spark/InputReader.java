package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.InputPictures;
import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.ImageInputs;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputImage;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestInputs;
import io.fluxspark.request.Task;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;

/** Reads and decodes the pictures that planned requests bring, and finds their LoRAs' files. */
record InputReader(Configuration conf, LoraFiles loras) {
  /** A picture file that is larger is refused before it is read. */
  private static final int MOST_BYTES = 128 << 20;

  private static final int MOST_PIXELS = 64_000_000;

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
            .map(file -> decoded(RequestColumns.IMAGE, file))
            .or(() -> read.controlImage().map(file -> decoded(RequestColumns.CONTROL_IMAGE, file)))
            .orElseThrow();
    Optional<Picture> mask = read.maskImage().map(file -> decoded(RequestColumns.MASK_IMAGE, file));
    ImageRequest ready = new ImageRequest(whole, image.index(), image.requestKey());
    return new Ready(
        new PlannedImage(ready, planned.row()),
        new PreparedImage(ready, ImageInputs.of(whole, shown, mask), loraFiles));
  }

  private static Picture decoded(String column, InputImage image) {
    try {
      return InputPictures.decode(image.file().orElseThrow(), MOST_PIXELS);
    } catch (FluxSparkException e) {
      throw new FluxSparkException(
          e.code(), column + ": " + name(image) + "; " + e.getMessage(), e);
    }
  }

  private InputImage withBytes(String column, InputImage image) {
    return image.file().isPresent()
        ? image
        : new InputImage(image.path(), bytes(column, image), image.version());
  }

  private byte[] bytes(String column, InputImage image) {
    Path path = new Path(image.path());
    try {
      FileSystem files = path.getFileSystem(conf);
      FileStatus status = files.getFileStatus(path);
      if (!HadoopInputFiles.version(status).equals(image.version())) {
        throw invalid(column, image, "has been changed since the run was planned; start it again");
      }
      if (status.getLen() > MOST_BYTES) {
        throw invalid(
            column,
            image,
            "has " + status.getLen() + " bytes; at most " + MOST_BYTES + " are read");
      }
      try (InputStream in =
          FutureIO.awaitFuture(
              files
                  .openFile(path)
                  .withFileStatus(status)
                  .opt("fs.option.openfile.read.policy", "whole-file")
                  .build())) {
        return in.readNBytes(MOST_BYTES);
      }
    } catch (FileNotFoundException e) {
      throw invalid(column, image, "is not there any more");
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, column + ": " + name(image) + "; cannot be read: " + e, e);
    }
  }

  private static FluxSparkException invalid(String column, InputImage image, String problem) {
    return new FluxSparkException(
        ErrorCode.INVALID_ROW, column + ": " + name(image) + "; " + problem);
  }

  private static String name(InputImage image) {
    return image.path() == null ? "bytes" : "'" + image.path() + "'";
  }
}
