package io.fluxspark.jobs;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The right of one run to write an output. */
interface OutputWriter extends AutoCloseable {
  /** The next portion. */
  Portion next();

  /** The pictures that this run has committed so far; only to be asked for where there are some. */
  Dataset<Row> images();

  /**
   * Writes what else a person finds in such an output.
   *
   * @return lines that say where things are
   */
  List<String> finish(RunReport report);

  /** Gives the output back. */
  @Override
  void close();
}
