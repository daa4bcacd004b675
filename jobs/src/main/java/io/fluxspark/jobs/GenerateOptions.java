package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.PictureFormat;
import io.fluxspark.pipeline.Offload;
import io.fluxspark.pipeline.Variant;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestLimits;
import io.fluxspark.spark.ModelStoreSettings;
import io.fluxspark.spark.ReviewSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a {@code generate} job was asked for.
 *
 * @param prompts file, folder or table
 * @param promptsFormat one of {@link PromptFormat}'s names
 * @param variant what the user says that the model is
 * @param modelStore where hosts keep models that are elsewhere
 * @param dtype empty for the device's default
 * @param offload what of the model stays in the host's memory
 * @param autoResize whether a Kontext model's pictures are brought to about one megapixel; the
 *     model's own default if empty
 * @param commitEvery the most pictures of a portion; empty for what suits the cluster
 * @param retryErrors whether requests that failed in an earlier run are tried again
 * @param review what is done with every picture besides writing it
 * @param clipModel folder of the CLIP model that scores the pictures
 * @param columnDefaults texts by column name, of the columns that have one
 */
record GenerateOptions(
    String prompts,
    Optional<String> promptsFormat,
    String output,
    String outputFormat,
    String model,
    Optional<Variant> variant,
    ModelStoreSettings modelStore,
    Optional<String> dtype,
    Set<Offload> offload,
    PictureFormat imageFormat,
    int imageQuality,
    int batchSize,
    Optional<Boolean> autoResize,
    double maxErrorFraction,
    Optional<Long> commitEvery,
    boolean retryErrors,
    ReviewSettings review,
    Optional<String> clipModel,
    RequestLimits limits,
    long seed,
    Map<String, String> columnDefaults) {
  private static final List<String> OUTPUT_FORMATS =
      Stream.concat(Stream.of("parquet"), TableFormat.names().stream()).toList();
  private static final int MAX_QUALITY = 100;

  GenerateOptions {
    require(!prompts.isBlank(), "--prompts: is empty; a file, folder or table is needed");
    require(!output.isBlank(), "--output: is empty; a folder is needed");
    require(
        OUTPUT_FORMATS.contains(outputFormat),
        "--output-format: '" + outputFormat + "'; one of " + names(OUTPUT_FORMATS) + " is needed");
    dtype.ifPresent(GenerateOptions::dtype);
    require(
        imageQuality >= 1 && imageQuality <= MAX_QUALITY,
        "--image-quality: " + imageQuality + "; a whole number from 1 to 100 is needed");
    require(
        batchSize >= 1, "--batch-size: " + batchSize + "; a whole number of at least 1 is needed");
    require(
        maxErrorFraction >= 0 && maxErrorFraction <= 1,
        "--max-error-fraction: " + maxErrorFraction + "; a number from 0 to 1 is needed");
    require(
        commitEvery.isEmpty() || commitEvery.get() >= 1,
        "--commit-every: " + commitEvery.orElse(0L) + "; a whole number of at least 1 is needed");
    promptsFormat.ifPresent(PromptFormat::fromName);
    columnDefaults = Map.copyOf(columnDefaults);
  }

  /** A type that models compute in somewhere, by its name. */
  static String dtype(String name) {
    return dtype(name, PictureSettings.DTYPES_ON_A_CPU);
  }

  private static String dtype(String name, List<String> known) {
    require(known.contains(name), "--dtype: '" + name + "'; one of " + names(known) + " is needed");
    return name;
  }

  /** The type that models compute in where there is a GPU. */
  String dtypeOnAGpu() {
    return dtype(dtype.orElse("bfloat16"), PictureSettings.DTYPES_ON_A_GPU);
  }

  /** The type that models compute in where there is no GPU. */
  String dtypeOnACpu() {
    return dtype(dtype.orElse("float32"), PictureSettings.DTYPES_ON_A_CPU);
  }

  /** What stays in the host's memory, by its names, separated by commas. */
  static Set<Offload> offload(String names) {
    Optional<Set<Offload>> offload = Offload.parse(names);
    require(
        offload.isPresent(),
        "--cpu-offload: '" + names + "'; names out of " + names(Offload.names()) + " are needed");
    return offload.get();
  }

  /**
   * What the user says that the model is.
   *
   * @param name null where the user says nothing
   */
  static Optional<Variant> variant(String name) {
    Optional<Variant> variant = Optional.ofNullable(name).flatMap(Variant::named);
    require(
        name == null || variant.isPresent(),
        "--variant: '" + name + "'; one of " + Variant.names() + " is needed");
    return variant;
  }

  /** The limits of rows, from an option. */
  static RequestLimits limits(int maxSize) {
    require(
        maxSize >= RequestLimits.SIZE_MULTIPLE,
        "--max-size: " + maxSize + "; at least " + RequestLimits.SIZE_MULTIPLE + " is needed");
    return new RequestLimits(maxSize);
  }

  private static void require(boolean isRight, String message) {
    if (!isRight) {
      throw new FluxSparkException(ErrorCode.INVALID_OPTION, message);
    }
  }

  private static String names(List<String> names) {
    return String.join(", ", names);
  }
}
