package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.InputPictures;
import io.fluxspark.image.Picture;
import io.fluxspark.request.InputImage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;

/** Reads and decodes picture files, on any file system of Hadoop's. */
record PictureReader(Configuration conf) {
  /** A picture file that is larger is refused before it is read. */
  private static final int MOST_BYTES = 128 << 20;

  private static final int MOST_PIXELS = 64_000_000;

  /** A picture that is given, or that is read now. */
  Picture picture(String column, InputImage image) {
    return decoded(
        column,
        image.file().isPresent()
            ? image
            : new InputImage(image.path(), bytes(column, image), image.version()));
  }

  Picture decoded(String column, InputImage image) {
    try {
      return InputPictures.decode(image.file().orElseThrow(), MOST_PIXELS);
    } catch (FluxSparkException e) {
      throw new FluxSparkException(
          e.code(), column + ": " + name(image) + "; " + e.getMessage(), e);
    }
  }

  byte[] bytes(String column, InputImage image) {
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
