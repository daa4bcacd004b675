package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.lit;

import io.fluxspark.spark.FailedImage;
import io.fluxspark.spark.GenerateImages;
import io.fluxspark.spark.GenerationJob;
import io.fluxspark.spark.ImageTasks;
import io.fluxspark.spark.RequestTable;
import io.fluxspark.spark.Tables;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;

/** The Spark jobs of one run: makes pictures while it shows progress, and can be interrupted. */
final class ImageRun implements AutoCloseable {
  /** So many have to be tried before a run can be given up. */
  static final long TRIED_BEFORE_STOPPING = 100;

  private final Environment environment;
  private final SparkSession spark;
  private final GenerationJob job;
  private final double maxErrorFraction;
  private final Interruption interruption;

  /**
   * What a run made.
   *
   * @param stopped why the run was given up, which leaves its pictures uncommitted
   */
  record Outcome(long made, List<FailedImage> failures, Optional<String> stopped) {}

  ImageRun(
      Environment environment, SparkSession spark, GenerationJob job, double maxErrorFraction) {
    this.environment = environment;
    this.spark = spark;
    this.job = job;
    this.maxErrorFraction = maxErrorFraction;
    spark.sparkContext().setJobGroup(job.runId(), "fluxspark " + job.runId(), false);
    this.interruption = new Interruption(spark.sparkContext(), job.runId());
  }

  SparkSession spark() {
    return spark;
  }

  GenerationJob job() {
    return job;
  }

  /** Does something and, where Ctrl-C was what ended it, says so. */
  int uninterrupted(IntSupplier work) {
    try {
      return work.getAsInt();
    } catch (Exception e) {
      throw interruption.explain(e);
    }
  }

  /** Makes and commits a portion; one without pictures is not written. */
  Outcome make(Dataset<Row> missing, long count, Portion portion) {
    if (count == 0) {
      return new Outcome(0, List.of(), Optional.empty());
    }
    LongAccumulator made = spark.sparkContext().longAccumulator("images made");
    CollectionAccumulator<FailedImage> failed =
        spark.sparkContext().collectionAccumulator("images failed");
    int slots = spark.sparkContext().defaultParallelism();
    Dataset<Row> images =
        ImageTasks.spread(missing, job.batchSize(), slots)
            .mapPartitions(
                new GenerateImages(job, made, failed),
                Encoders.row(Tables.imagesOf(missing.schema())));
    AtomicReference<Progress.Counts> tooMany = new AtomicReference<>();
    try (ProgressDisplay display = ProgressDisplay.of(environment, count)) {
      Progress progress =
          new Progress(
              made.id(),
              failed.id(),
              counts -> {
                display.show(counts);
                if (hasTooManyErrors(counts) && tooMany.compareAndSet(null, counts)) {
                  spark.sparkContext().cancelJobGroup(job.runId());
                }
              });
      spark.sparkContext().addSparkListener(progress);
      try {
        portion.writeImages(images);
      } finally {
        spark.sparkContext().removeSparkListener(progress);
      }
      return new Outcome(made.value(), failed.value(), Optional.empty());
    } catch (Exception e) {
      if (tooMany.get() == null) {
        throw e;
      }
      return stopped(tooMany.get());
    }
  }

  /** Writes the rows that were wrong and the pictures that failed, where they are not known yet. */
  void writeErrors(RequestTable requests, Outcome outcome, Output output, Portion portion) {
    List<Row> failed = outcome.failures().stream().map(image -> image.row(job.runId())).toList();
    Dataset<Row> errors =
        spark
            .createDataFrame(failed, Tables.errors())
            .unionByName(requests.invalidRows().withColumn(Tables.RUN_ID, lit(job.runId())));
    Dataset<Row> unknown = output.newErrors(errors);
    if (!unknown.isEmpty()) {
      portion.writeErrors(unknown);
    }
  }

  private boolean hasTooManyErrors(Progress.Counts counts) {
    return counts.tried() >= TRIED_BEFORE_STOPPING
        && counts.failures().size() > maxErrorFraction * counts.tried();
  }

  private Outcome stopped(Progress.Counts counts) {
    long failed = counts.failures().size();
    String why =
        "fluxspark: stopped: "
            + failed
            + " of the first "
            + counts.tried()
            + " images failed, more than --max-error-fraction "
            + maxErrorFraction
            + "; nothing was committed; the first: "
            + counts.failures().get(0).message();
    return new Outcome(0, counts.failures(), Optional.of(why));
  }

  @Override
  public void close() {
    interruption.close();
    spark.sparkContext().clearJobGroup();
  }
}
