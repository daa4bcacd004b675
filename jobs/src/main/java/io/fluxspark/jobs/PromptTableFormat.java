package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Forms in which a prompt table is written. */
enum PromptTableFormat {
  CSV(".csv") {
    @Override
    PromptTableWriter open(Path file, List<String> columns) throws IOException {
      return new CsvPrompts(Files.newBufferedWriter(file), columns);
    }
  },
  JSON(".jsonl", ".ndjson", ".json") {
    @Override
    PromptTableWriter open(Path file, List<String> columns) throws IOException {
      return new JsonPrompts(Files.newBufferedWriter(file), columns);
    }
  },
  PARQUET(".parquet") {
    @Override
    PromptTableWriter open(Path file, List<String> columns) throws IOException {
      return new ParquetPrompts(file, columns);
    }
  };

  private final List<String> endings;

  PromptTableFormat(String... endings) {
    this.endings = List.of(endings);
  }

  /** Opens a new file. */
  abstract PromptTableWriter open(Path file, List<String> columns) throws IOException;

  /**
   * The format that a file's name says.
   *
   * @throws FluxSparkException {@code INVALID_OPTION} where it says none
   */
  static PromptTableFormat ofFile(String name) {
    return Arrays.stream(values())
        .filter(format -> format.endings.stream().anyMatch(name::endsWith))
        .findFirst()
        .orElseThrow(
            () ->
                new FluxSparkException(
                    ErrorCode.INVALID_OPTION,
                    "--output "
                        + name
                        + ": its name does not say a format; one that ends with .csv, .jsonl or"
                        + " .parquet is needed"));
  }
}
