package io.fluxspark.jobs;

import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** A part of the output whose pictures are there as a whole or not at all. */
interface Portion {
  /**
   * Writes and commits pictures, which makes them, and what could not be made.
   *
   * @param images made as they are read; they are read once
   * @param failed asked for once, when all pictures have been made
   */
  void write(Dataset<Row> images, Supplier<Optional<Dataset<Row>>> failed);

  /** Writes and commits failed requests alone. */
  void writeErrors(Dataset<Row> failed);
}
