package io.fluxspark.jobs;

import io.fluxspark.image.PictureFormat;
import io.fluxspark.spark.ReviewSettings;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the commands that make pictures, or say what that would take. */
final class RunOptions {
  /** What the option says of itself. */
  static final String VARIANT =
      "dev, schnell, kontext, fill or control: what the model is. Default: what its files say; BFL's"
          + " single files are dev's where only Kontext is alike, unless named kontext.";

  @Option(
      names = "--prompts",
      required = true,
      paramLabel = "TABLE",
      description =
          "Prompt table: a csv, json lines or Parquet file or folder, or a table of Spark.")
  private String prompts;

  @Option(
      names = "--prompts-format",
      paramLabel = "FORMAT",
      description =
          "csv, json, parquet, table, iceberg or delta; default: what the name ends with.")
  private String promptsFormat;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "FOLDER",
      description =
          "New folder, or the output of an earlier run, of which the rest is made; with another"
              + " --output-format a table's name, or its path, which has a '/'.")
  private String output;

  @Option(
      names = "--output-format",
      defaultValue = "parquet",
      paramLabel = "FORMAT",
      description = "parquet, iceberg or delta. Default: ${DEFAULT-VALUE}.")
  private String outputFormat;

  @Option(
      names = "--model",
      defaultValue = "builtin:tiny",
      paramLabel = "MODEL",
      description = "Pipeline folder or its URI, or builtin:NAME. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(names = "--variant", paramLabel = "NAME", description = VARIANT)
  private String variant;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description =
          "float32, bfloat16, float16, or an approximation: float8_e4m3fn, for GPUs, or int8, for"
              + " CPUs; default: float32 on a CPU, bfloat16 on a GPU.")
  private String dtype;

  @Option(
      names = "--cpu-offload",
      defaultValue = "",
      paramLabel = "PARTS",
      description =
          "What stays in the host's memory, by commas: text-encoder, modulation, decoding; for GPUs"
              + " with little memory. Default: nothing.")
  private String cpuOffload;

  @Option(
      names = "--image-format",
      defaultValue = "png",
      paramLabel = "FORMAT",
      description = "png, jpeg or webp. Default: ${DEFAULT-VALUE}.")
  private String imageFormat;

  @Option(
      names = "--image-quality",
      defaultValue = "95",
      paramLabel = "N",
      description = "1 to 100, for jpeg and webp. Default: ${DEFAULT-VALUE}.")
  private int imageQuality;

  @Option(
      names = "--batch-size",
      defaultValue = "1",
      paramLabel = "N",
      description = "Most pictures of one shape made together. Default: ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--auto-resize",
      arity = "1",
      paramLabel = "true|false",
      description =
          "Bring a Kontext model's pictures to about one megapixel. Default: true, but not for"
              + " built-in models.")
  private Boolean isResizing;

  @Option(
      names = "--max-error-fraction",
      defaultValue = "0.01",
      paramLabel = "F",
      description =
          "Above this fraction of failed rows the exit code is 1. Default: ${DEFAULT-VALUE}.")
  private double maxErrorFraction;

  @Option(
      names = "--commit-every",
      paramLabel = "N",
      description =
          "Most pictures of a portion, which is committed as a whole. Default: the work of 100"
              + " pictures of 1024 x 1024 pixels and 28 steps a slot, and at most 1000 a slot.")
  private Long commitEvery;

  @Option(
      names = "--retry-errors",
      description = "Try requests again that failed in an earlier run. Default: no.")
  private boolean isRetryingErrors;

  @Option(
      names = "--scores",
      description =
          "Fill the columns perceptual_hash, sharpness and flatness. Default: they are null.")
  private boolean isScored;

  @Option(
      names = "--clip-model",
      paramLabel = "FOLDER",
      description = "A CLIPModel folder, which fills the column clip_score. Default: it is null.")
  private String clipModel;

  @Option(
      names = "--review",
      paramLabel = "CLASS",
      description = "A PictureReview on the class path, which judges every picture.")
  private String review;

  @Option(
      names = "--max-size",
      defaultValue = "2048",
      paramLabel = "PIXELS",
      description = "Most pixels a side of a picture. Default: ${DEFAULT-VALUE}.")
  private int maxSize;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "With a row's id gives the seed of rows that have none. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private ModelStoreOptions modelStore;

  @Mixin private ColumnOptions columns;

  /**
   * What was given.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_OPTION} for a value that is wrong
   */
  GenerateOptions given() {
    return new GenerateOptions(
        prompts,
        Optional.ofNullable(promptsFormat),
        output,
        outputFormat,
        model,
        GenerateOptions.variant(variant),
        modelStore.given(),
        Optional.ofNullable(dtype),
        GenerateOptions.offload(cpuOffload),
        PictureFormat.fromName(imageFormat),
        imageQuality,
        batchSize,
        Optional.ofNullable(isResizing),
        maxErrorFraction,
        Optional.ofNullable(commitEvery),
        isRetryingErrors,
        new ReviewSettings(isScored, review),
        Optional.ofNullable(clipModel),
        GenerateOptions.limits(maxSize),
        seed,
        columns.given());
  }
}
