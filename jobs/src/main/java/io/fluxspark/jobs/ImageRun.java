package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.lit;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.FailedImage;
import io.fluxspark.spark.GenerateImages;
import io.fluxspark.spark.GenerationJob;
import io.fluxspark.spark.ImageTasks;
import io.fluxspark.spark.RequestTable;
import io.fluxspark.spark.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import java.util.function.UnaryOperator;
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

  /** While the last tasks of one portion run, those of the next keep the other executors busy. */
  private static final int PORTIONS_IN_FLIGHT = 2;

  private final Environment environment;
  private final SparkSession spark;
  private final GenerationJob job;
  private final double maxErrorFraction;
  private final UnaryOperator<Dataset<Row>> unknownErrors;
  private final Interruption interruption;
  private final AtomicReference<String> stopped = new AtomicReference<>();

  /**
   * What a run made.
   *
   * @param portions that have pictures, committed
   * @param stopped why the run was given up, which leaves pictures in flight uncommitted
   */
  record Outcome(long made, long failed, List<Portion> portions, Optional<String> stopped) {
    private static final Outcome NOTHING = new Outcome(0, 0, List.of(), Optional.empty());

    Outcome {
      portions = List.copyOf(portions);
    }

    private Outcome plus(Outcome other) {
      List<Portion> both = new ArrayList<>(portions);
      both.addAll(other.portions);
      return new Outcome(made + other.made, failed + other.failed, both, stopped);
    }
  }

  ImageRun(Environment environment, Planning plan, GenerateOptions options) {
    this.environment = environment;
    this.spark = plan.spark();
    this.job = plan.job();
    this.maxErrorFraction = options.maxErrorFraction();
    this.unknownErrors = plan.output().hasErrors() ? plan.output()::newErrors : errors -> errors;
    joinJobGroup();
    this.interruption = new Interruption(spark.sparkContext(), job.runId());
  }

  /** Spark keeps this for each thread by itself. */
  private void joinJobGroup() {
    spark.sparkContext().setJobGroup(job.runId(), "fluxspark " + job.runId(), false);
  }

  SparkSession spark() {
    return spark;
  }

  GenerationJob job() {
    return job;
  }

  /** Tasks that failed, and that Spark tried again. */
  long failedTasks() {
    return interruption.failedTasks();
  }

  /** Does something and, where Ctrl-C was what ended it, says so. */
  int uninterrupted(IntSupplier work) {
    try {
      return work.getAsInt();
    } catch (Exception e) {
      throw interruption.explain(e);
    }
  }

  /**
   * Makes and commits portions, a few at a time.
   *
   * @param images of all of them
   * @throws RuntimeException what ended a portion; those that were committed before stay
   */
  Outcome make(ImageTasks tasks, List<Portion> portions, long images) {
    ExecutorService threads = Executors.newFixedThreadPool(PORTIONS_IN_FLIGHT);
    try (ProgressDisplay display = ProgressDisplay.of(environment, images)) {
      RunProgress progress =
          new RunProgress(
              counts -> {
                display.show(counts);
                stopIfTooManyFail(counts);
              });
      List<Future<Outcome>> outcomes = new ArrayList<>();
      for (int i = 0; i < portions.size(); i++) {
        int number = i;
        outcomes.add(
            threads.submit(() -> make(tasks.portion(number), portions.get(number), progress)));
      }
      Outcome all = Outcome.NOTHING;
      for (Future<Outcome> outcome : outcomes) {
        all = all.plus(outcome.get());
      }
      return new Outcome(
          all.made(), all.failed(), all.portions(), Optional.ofNullable(stopped.get()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FluxSparkException(ErrorCode.INTERRUPTED, "the run was interrupted", e);
    } catch (ExecutionException e) {
      spark.sparkContext().cancelJobGroup(job.runId());
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  private Outcome make(Dataset<Row> planned, Portion portion, RunProgress all) {
    if (stopped.get() != null) {
      return Outcome.NOTHING;
    }
    joinJobGroup();
    LongAccumulator made = spark.sparkContext().longAccumulator("images made");
    CollectionAccumulator<FailedImage> failed =
        spark.sparkContext().collectionAccumulator("images failed");
    Progress progress = all.begin(made.id(), failed.id());
    spark.sparkContext().addSparkListener(progress);
    try {
      portion.writeImages(
          planned.mapPartitions(
              new GenerateImages(job, made, failed),
              Encoders.row(Tables.imagesOf(planned.schema()))));
    } catch (Exception e) {
      if (stopped.get() == null) {
        throw e;
      }
      List<FailedImage> failures = progress.counts().failures();
      writeErrors(failures, portion);
      return new Outcome(0, failures.size(), List.of(), Optional.empty());
    } finally {
      spark.sparkContext().removeSparkListener(progress);
    }
    writeErrors(failed.value(), portion);
    all.end(progress, new RunProgress.Counts(made.value(), failed.value().size()));
    return new Outcome(
        made.value(),
        failed.value().size(),
        made.value() > 0 ? List.of(portion) : List.of(),
        Optional.empty());
  }

  private void writeErrors(List<FailedImage> failures, Portion portion) {
    if (!failures.isEmpty()) {
      List<Row> rows = failures.stream().map(failure -> failure.row(job.runId())).toList();
      portion.writeErrors(unknownErrors.apply(spark.createDataFrame(rows, Tables.errors())));
    }
  }

  /**
   * Writes the rows that are wrong, where the output does not have them yet.
   *
   * @return whether there were any
   */
  boolean writeInvalidRows(RequestTable requests, Output output, Portion portion) {
    Dataset<Row> unknown =
        output.newErrors(requests.invalidRows().withColumn(Tables.RUN_ID, lit(job.runId())));
    boolean isWritten = !unknown.isEmpty();
    if (isWritten) {
      portion.writeErrors(unknown);
    }
    return isWritten;
  }

  private void stopIfTooManyFail(RunProgress.Counts counts) {
    boolean areTooMany =
        counts.tried() >= TRIED_BEFORE_STOPPING
            && counts.failed() > maxErrorFraction * counts.tried();
    if (areTooMany && stopped.compareAndSet(null, why(counts))) {
      spark.sparkContext().cancelJobGroup(job.runId());
    }
  }

  private String why(RunProgress.Counts counts) {
    return "fluxspark: stopped: "
        + counts.failed()
        + " of the first "
        + counts.tried()
        + " images failed, more than --max-error-fraction "
        + maxErrorFraction
        + "; what was committed before stays";
  }

  @Override
  public void close() {
    interruption.close();
    spark.sparkContext().clearJobGroup();
  }
}
