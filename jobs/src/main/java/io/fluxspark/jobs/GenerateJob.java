package io.fluxspark.jobs;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.Tables;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Makes the pictures that a prompt table asks for and that an output folder does not have yet. */
record GenerateJob(Environment environment, GenerateOptions options) {
  private static final int TOO_MANY_ERRORS = 1;

  /**
   * What became of a table.
   *
   * @param code the exit code
   * @param isWhole false where the run was given up, as too much failed
   */
  record Result(int code, boolean isWhole) {}

  /**
   * Does everything, from the table to the closing summary.
   *
   * @throws FluxSparkException when the request was wrong, or something failed
   */
  Result run() {
    return run(() -> Planning.of(environment, options));
  }

  /**
   * The same of another table than the options name.
   *
   * @param table opens it
   */
  Result run(Function<SparkSession, PromptTable> table) {
    return run(() -> Planning.of(environment, options, table));
  }

  private Result run(Supplier<Planning> planning) {
    Instant start = Instant.now();
    try (Planning plan = planning.get();
        ImageRun run = new ImageRun(environment, plan, options)) {
      return run.uninterrupted(() -> make(start, plan, run));
    }
  }

  private Result make(Instant start, Planning plan, ImageRun run) {
    StructType images = Tables.images(plan.requests().carried());
    try (OutputWriter writer = plan.output().begin(run.job().runId(), images)) {
      run.writeInvalidRows(plan.requests(), writer);
      List<Portion> portions =
          Stream.generate(writer::next).limit(plan.layout().portions()).toList();
      ImageRun.Outcome outcome = run.make(plan.tasks(), portions, plan.counts().missing());
      return report(start, plan, run, outcome, writer);
    }
  }

  private Result report(
      Instant start, Planning plan, ImageRun run, ImageRun.Outcome outcome, OutputWriter writer) {
    RunCounts counts = plan.counts().after(outcome);
    StageTotals stages =
        counts.made() == 0
            ? StageTotals.NONE
            : StageTotals.of(writer.images(), plan.model().cost());
    RunReport report =
        new RunReport(run.job(), options, counts, stages, run.failedTasks(), start, Instant.now());
    report.print(environment.out(), writer.finish(report));
    outcome.stopped().ifPresent(environment.err()::println);
    boolean isTooMuch = counts.errorFraction() > options.maxErrorFraction();
    boolean isWhole = outcome.stopped().isEmpty();
    return new Result(isTooMuch || !isWhole ? TOO_MANY_ERRORS : 0, isWhole);
  }
}
