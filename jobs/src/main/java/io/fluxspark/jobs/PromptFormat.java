package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Kinds of prompt table. */
enum PromptFormat {
  CSV("csv"),
  JSON("json", "jsonl", "ndjson"),
  PARQUET("parquet"),
  TABLE,
  ICEBERG,
  DELTA;

  private static final List<String> COMPRESSIONS = List.of(".gz", ".bz2", ".zst", ".deflate");

  private final List<String> extensions;

  PromptFormat(String... extensions) {
    this.extensions = List.of(extensions);
  }

  String optionName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The format with an option's name, or with a file extension as its name.
   *
   * @throws FluxSparkException {@code INVALID_OPTION} for any other
   */
  static PromptFormat fromName(String name) {
    for (PromptFormat format : values()) {
      if (format.optionName().equals(name) || format.extensions.contains(name)) {
        return format;
      }
    }
    throw new FluxSparkException(
        ErrorCode.INVALID_OPTION,
        "--prompts-format: '" + name + "'; one of " + names() + " is needed");
  }

  /** What a file's name says; compressed files have the format's extension before their own. */
  static Optional<PromptFormat> ofFile(String file) {
    String name = file.toLowerCase(Locale.ROOT);
    for (String compression : COMPRESSIONS) {
      if (name.endsWith(compression)) {
        name = name.substring(0, name.length() - compression.length());
      }
    }
    String stem = name;
    return Arrays.stream(values())
        .filter(format -> format.extensions.stream().anyMatch(end -> stem.endsWith("." + end)))
        .findFirst();
  }

  static String names() {
    return Arrays.stream(values()).map(PromptFormat::optionName).collect(Collectors.joining(", "));
  }
}
