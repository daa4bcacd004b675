package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.PromptRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A local file that takes a prompt table. It is there when it is complete: the rows are first
 * written into a hidden file beside it.
 *
 * @param name as it was given, for messages
 */
record PromptTableFile(String name, Path path, PromptTableFormat format) {
  private static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");

  /**
   * @throws FluxSparkException {@code INVALID_OPTION} where the name says no format, or no local
   *     file
   */
  static PromptTableFile of(String name) {
    if (URI.matcher(name).matches()) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--output " + name + ": is no local file; write one and copy it there");
    }
    try {
      return new PromptTableFile(
          name, Path.of(name).toAbsolutePath(), PromptTableFormat.ofFile(name));
    } catch (InvalidPathException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION, "--output " + name + ": is no path of a file", e);
    }
  }

  /**
   * Writes the rows into a new file.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT} where there is one
   */
  void create(PromptRows rows) {
    if (Files.exists(path)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT,
          "--output " + name + ": is there already; --overwrite replaces it");
    }
    replace(rows);
  }

  /**
   * Writes the rows into a file that may be there.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT} where a folder is there
   */
  void replace(PromptRows rows) {
    if (Files.isDirectory(path)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT, "--output " + name + ": is a folder; a file is needed");
    }
    Path hidden = path.resolveSibling("." + path.getFileName() + "." + UUID.randomUUID());
    try {
      Files.createDirectories(path.getParent());
      hidden.toFile().deleteOnExit(); // where Ctrl-C ends the process
      try (PromptTableWriter writer = format.open(hidden, rows.columns())) {
        for (Map<String, Object> row : rows) {
          writer.write(row);
        }
      }
      Files.move(hidden, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT,
          "--output " + name + ": cannot be written: " + e.getMessage(),
          e);
    } finally {
      delete(hidden);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      file.toFile().deleteOnExit();
    }
  }
}
