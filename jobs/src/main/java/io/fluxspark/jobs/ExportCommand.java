package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes an output's pictures in a form that other programs read. */
@Command(
    name = "export",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description = "Writes the committed pictures of an output as tar shards, files or Parquet.",
    footer = "Exit codes: 0 done, 2 wrong request, 3 failure, 130 interrupted.")
final class ExportCommand implements Callable<Integer> {
  private final Environment environment;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "FOLDER",
      description = "The output of generate.")
  private String output;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FORMAT",
      description =
          "webdataset (tar shards with KEY.png, KEY.txt and KEY.json a picture), files (the same in"
              + " folders) or parquet (the rows as they are).")
  private String format;

  @Option(
      names = "--target",
      required = true,
      paramLabel = "FOLDER",
      description = "New folder that takes them.")
  private String target;

  @Option(
      names = "--images-per-shard",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Most pictures of a tar shard. Default: ${DEFAULT-VALUE}.")
  private int imagesPerShard;

  @Option(
      names = "--target-file-size",
      defaultValue = ParquetExport.DEFAULT_SIZE,
      paramLabel = "SIZE",
      description = "Of Parquet files, about. Default: ${DEFAULT-VALUE}.")
  private String targetFileSize;

  @Option(
      names = "--skip-near-duplicates",
      paramLabel = "DISTANCE",
      description =
          "Leave out pictures whose perceptual_hash differs in at most so many of 64 bits from that"
              + " of an earlier one of the same prompt. Default: none.")
  private Integer nearDuplicates;

  ExportCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    if (imagesPerShard < 1) {
      throw invalid(
          "--images-per-shard: " + imagesPerShard + "; a whole number of at least 1 is needed");
    }
    ExportFormat known =
        Arrays.stream(ExportFormat.values())
            .filter(value -> name(value).equals(format))
            .findFirst()
            .orElseThrow(
                () ->
                    invalid(
                        "--to: '"
                            + format
                            + "'; one of "
                            + Arrays.stream(ExportFormat.values())
                                .map(ExportCommand::name)
                                .collect(Collectors.joining(", "))
                            + " is needed"));
    ExportJob job =
        new ExportJob(
            environment,
            output,
            target,
            known,
            imagesPerShard,
            ParquetExport.fileSize(targetFileSize),
            Optional.ofNullable(nearDuplicates).map(NearDuplicates::new));
    ExportJob.Exported exported = job.run();
    environment.out().println(exported.images() + " pictures exported to " + target);
    if (nearDuplicates != null) {
      environment.out().println(exported.nearDuplicates() + " near-duplicates left out");
    }
    environment.out().flush();
    return 0;
  }

  private static String name(ExportFormat format) {
    return format.name().toLowerCase(Locale.ROOT);
  }

  private static FluxSparkException invalid(String message) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, message);
  }
}
