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
import java.util.function.Supplier;
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
  private final Output output;
  private final boolean hadErrors;
  private final Interruption interruption;
  private final AtomicReference<String> stopped = new AtomicReference<>();

  /**
   * What a run made.
   *
   * @param textsEncoded by all executors, in tasks that ended well
   * @param stopped why the run was given up, which leaves pictures in flight uncommitted
   */
  record Outcome(long made, long failed, long textsEncoded, Optional<String> stopped) {
    private static final Outcome NOTHING = new Outcome(0, 0, 0, Optional.empty());

    private Outcome plus(Outcome other) {
      return new Outcome(
          made + other.made, failed + other.failed, textsEncoded + other.textsEncoded, stopped);
    }
  }

  ImageRun(Environment environment, Planning plan, GenerateOptions options) {
    this.environment = environment;
    this.spark = plan.spark();
    this.job = plan.job();
    this.maxErrorFraction = options.maxErrorFraction();
    this.output = plan.output();
    this.hadErrors = output.finished().hasErrors();
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

  /** Does something and, where a signal was what ended it, says so. */
  <T> T uninterrupted(Supplier<T> work) {
    try {
      return work.get();
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
          all.made(), all.failed(), all.textsEncoded(), Optional.ofNullable(stopped.get()));
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
    LongAccumulator textsEncoded = spark.sparkContext().longAccumulator("texts encoded");
    Progress progress = all.begin(made.id(), failed.id());
    spark.sparkContext().addSparkListener(progress);
    AtomicReference<RunProgress.Counts> counts = new AtomicReference<>();
    try {
      portion.write(
          planned.mapPartitions(
              new GenerateImages(job, made, failed, textsEncoded),
              Encoders.row(Tables.imagesOf(planned.schema()))),
          () -> {
            counts.set(new RunProgress.Counts(made.value(), failed.value().size()));
            return errors(failed.value());
          });
    } catch (Exception e) {
      if (stopped.get() == null) {
        throw e;
      }
      List<FailedImage> failures = progress.counts().failures();
      errors(failures).ifPresent(portion::writeErrors);
      return new Outcome(0, failures.size(), textsEncoded.value(), Optional.empty());
    } finally {
      spark.sparkContext().removeSparkListener(progress);
    }
    all.end(progress, counts.get());
    return new Outcome(
        counts.get().made(), counts.get().failed(), textsEncoded.value(), Optional.empty());
  }

  /** Those that the output does not have yet. */
  private Optional<Dataset<Row>> errors(List<FailedImage> failures) {
    if (failures.isEmpty()) {
      return Optional.empty();
    }
    List<Row> rows = failures.stream().map(failure -> failure.row(job.runId())).toList();
    Dataset<Row> errors = spark.createDataFrame(rows, Tables.errors());
    return Optional.of(hadErrors ? output.finished().newErrors(errors) : errors);
  }

  /** Writes the rows that are wrong, where the output does not have them yet. */
  void writeInvalidRows(RequestTable requests, OutputWriter writer) {
    Dataset<Row> unknown =
        output
            .finished()
            .newErrors(requests.invalidRows().withColumn(Tables.RUN_ID, lit(job.runId())));
    if (!unknown.isEmpty()) {
      writer.next().writeErrors(unknown);
    }
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
