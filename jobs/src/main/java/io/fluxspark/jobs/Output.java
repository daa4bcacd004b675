package io.fluxspark.jobs;

import io.fluxspark.error.FluxSparkException;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Where pictures and failed requests go, and which of them are there. */
interface Output {
  /**
   * Looks at an output; writes nothing.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT} when it is there and none of this program,
   *     {@code INVALID_OPTION} when Spark lacks what its format needs
   */
  static Output open(SparkSession spark, GenerateOptions options) {
    return TableFormat.named(options.outputFormat())
        .<Output>map(format -> TableOutput.open(spark, format, options.output()))
        .orElseGet(() -> FolderOutput.open(spark, options.output()));
  }

  /** A folder of the output in which a watch may keep how far it came; nothing without a path. */
  Optional<String> ownFolder();

  /** What is committed at this moment. */
  Finished finished();

  /**
   * Makes the output this run's, as far as its kind can, and takes away what earlier runs left
   * without a commit.
   *
   * @param images schema of the pictures that will be written
   * @return to be closed when the run writes no more
   * @throws FluxSparkException {@code OUTPUT_IN_USE} when another run writes it, {@code
   *     INVALID_OUTPUT} when it cannot be written
   */
  OutputWriter begin(String runId, StructType images);
}
