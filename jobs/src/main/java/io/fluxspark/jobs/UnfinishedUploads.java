package io.fluxspark.jobs;

import java.io.IOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.MultipartUploader;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;

/**
 * Parts of objects that nobody will complete, since their task was killed. S3 keeps them, and
 * charges for them, until it is told to give them up.
 */
final class UnfinishedUploads {
  private static final String S3A = "s3a";

  private UnfinishedUploads() {}

  /**
   * Gives up all below a folder, where it is on S3; nobody may be writing there. One that is gone
   * already, such as by a try of which the answer was lost, is no failure.
   */
  static void abort(FileSystem files, Path folder) throws IOException {
    if (!S3A.equals(files.getUri().getScheme())) {
      return;
    }
    try (MultipartUploader uploads = files.createMultipartUploader(folder).build()) {
      FutureIO.awaitFuture(uploads.abortUploadsUnderPath(folder));
    }
  }
}
