package io.fluxspark.jobs;

import java.io.Closeable;
import java.io.IOException;
import java.util.Map;

/** Writes the rows of a prompt table one after the other. */
interface PromptTableWriter extends Closeable {
  /**
   * @param row a {@code String}, {@code Long} or {@code Double} by column name; columns may be left
   *     out
   */
  void write(Map<String, Object> row) throws IOException;
}
