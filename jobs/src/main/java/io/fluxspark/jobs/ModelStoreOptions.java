package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.ModelStoreSettings;
import org.apache.spark.network.util.JavaUtils;
import picocli.CommandLine.Option;

/** Where hosts keep models that are elsewhere. */
final class ModelStoreOptions {
  @Option(
      names = "--model-cache",
      paramLabel = "FOLDER",
      description =
          "Where each host keeps models of s3a://, hdfs:// and so on. Default:"
              + " ~/.cache/fluxspark/models.")
  private String folder;

  @Option(
      names = "--model-cache-size",
      paramLabel = "SIZE",
      description =
          "Most that they may take, such as 200g; those unused for longest go first. Default: no"
              + " limit.")
  private String size;

  /**
   * What was given.
   *
   * @throws FluxSparkException {@code INVALID_OPTION} for a value that is wrong
   */
  ModelStoreSettings given() {
    return new ModelStoreSettings(
        folder == null ? "" : folder,
        size == null ? ModelStoreSettings.DEFAULT.maxBytes() : bytes(size));
  }

  private static long bytes(String size) {
    try {
      return JavaUtils.byteStringAsBytes(size);
    } catch (NumberFormatException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--model-cache-size: '" + size + "'; a size is needed, such as 200g or 500m",
          e);
    }
  }
}
