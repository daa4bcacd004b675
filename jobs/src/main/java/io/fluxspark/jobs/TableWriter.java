package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/** Writes a table by merging on {@code request_key}: written twice, a row is there once. */
final class TableWriter implements OutputWriter {
  /**
   * The table's own maintenance, or another run, may commit in between; then a merge looks anew.
   */
  private static final int TRIES = 5;

  private final TableOutput output;
  private final String runId;
  private final StructType schema;
  private final Optional<Lease> lease;
  private int merges;

  TableWriter(TableOutput output, String runId, StructType schema, Optional<Lease> lease) {
    this.output = output;
    this.runId = runId;
    this.schema = schema;
    this.lease = lease;
  }

  @Override
  public Portion next() {
    return new Rows();
  }

  /** One commit of the table. */
  private final class Rows implements Portion {
    /**
     * A merge reads its rows more than once, and pictures must be made once: so they are kept on
     * the executors' disks first.
     */
    @Override
    public void write(Dataset<Row> images, Supplier<Optional<Dataset<Row>>> failed) {
      Dataset<Row> kept = images.persist(StorageLevel.DISK_ONLY());
      try {
        kept.foreachPartition(
            (ForeachPartitionFunction<Row>) rows -> rows.forEachRemaining(row -> {}));
        Dataset<Row> made = TableOutput.columns(kept, schema);
        merge(failed.get().map(errors -> made.unionAll(errorRows(errors))).orElse(made));
      } finally {
        kept.unpersist();
      }
    }

    @Override
    public void writeErrors(Dataset<Row> failed) {
      merge(errorRows(failed));
    }

    private Dataset<Row> errorRows(Dataset<Row> failed) {
      return TableOutput.columns(failed.dropDuplicates(new String[] {Tables.REQUEST_KEY}), schema);
    }
  }

  /** One at a time: two merges of this run would only be in each other's way. */
  private synchronized void merge(Dataset<Row> rows) {
    for (int tries = 1; ; tries++) {
      lease.ifPresent(GuardedCommit::require);
      try {
        output.merge(rows, "fluxspark_" + runId.replaceAll("\\W", "_") + "_" + merges++);
        return;
      } catch (Exception e) { // Scala's checked ones too, which nothing declares
        if (!isConflict(e)) {
          throw e instanceof RuntimeException unchecked
              ? unchecked
              : output.failed("cannot be written", e);
        }
        if (tries == TRIES) {
          throw inUse(e);
        }
      }
    }
  }

  /** By name: the classes are the connectors'. */
  private static boolean isConflict(Throwable e) {
    return Stream.iterate(e, cause -> cause != null, Throwable::getCause)
        .map(cause -> cause.getClass().getName())
        .anyMatch(
            name ->
                name.startsWith("io.delta.exceptions.Concurrent")
                    || name.equals("org.apache.iceberg.exceptions.ValidationException")
                    || name.equals("org.apache.iceberg.exceptions.CommitFailedException"));
  }

  private FluxSparkException inUse(Throwable cause) {
    return new FluxSparkException(
        ErrorCode.OUTPUT_IN_USE,
        "--output "
            + output.location()
            + ": others have written to the table "
            + TRIES
            + " times while this run was committing; the same command makes the rest",
        cause);
  }

  @Override
  public Dataset<Row> images() {
    return output.images(runId);
  }

  @Override
  public List<String> finish(RunReport report) {
    List<String> places = new ArrayList<>();
    places.add(
        String.format(
            Locale.ROOT,
            "table:    %s (%s, one row a request)",
            output.location(),
            output.format().optionName()));
    if (report.counts().errors() > 0) {
      places.add("errors:   rows of it with an error_code");
    }
    return places;
  }

  @Override
  public void close() {
    lease.ifPresent(Lease::close);
  }
}
