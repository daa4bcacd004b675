package io.fluxspark.jobs;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.Tables;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;

/** Makes the pictures that a prompt table asks for and that an output folder does not have yet. */
record GenerateJob(Environment environment, GenerateOptions options) {
  private static final int TOO_MANY_ERRORS = 1;

  /**
   * Does everything, from the table to the closing summary.
   *
   * @return the exit code
   * @throws FluxSparkException when the request was wrong, or something failed
   */
  int run() {
    Instant start = Instant.now();
    try (Planning plan = Planning.of(environment, options);
        ImageRun run = new ImageRun(environment, plan, options)) {
      return run.uninterrupted(() -> make(start, plan, run));
    }
  }

  private int make(Instant start, Planning plan, ImageRun run) {
    Output output = plan.output();
    try (Lease lease = output.claim(run.job().runId())) {
      int next = output.clean(lease);
      if (run.writeInvalidRows(plan.requests(), output, output.portion(next, lease))) {
        next++;
      }
      int first = next;
      List<Portion> portions =
          IntStream.range(0, plan.layout().portions())
              .mapToObj(i -> output.portion(first + i, lease))
              .toList();
      ImageRun.Outcome outcome = run.make(plan.tasks(), portions, plan.counts().missing());
      return report(start, plan, run, outcome);
    }
  }

  private int report(Instant start, Planning plan, ImageRun run, ImageRun.Outcome outcome) {
    Output output = plan.output();
    RunCounts counts = plan.counts().after(outcome);
    int previews = Preview.write(run.spark(), outcome.portions(), output);
    if (counts.made() > 0) {
      Gallery.write(output, run.job().runId());
    }
    StageTotals stages = StageTotals.of(run.spark(), outcome.portions(), plan.model().cost());
    RunReport report =
        new RunReport(run.job(), options, counts, stages, run.failedTasks(), start, Instant.now());
    output.write(Output.report(run.job().runId()), report.json());
    output.write("README.md", DatasetCard.of(Tables.images(plan.requests().carried()), run.job()));
    report.print(environment.out(), output, previews);
    outcome.stopped().ifPresent(environment.err()::println);
    boolean isTooMuch = counts.errorFraction() > options.maxErrorFraction();
    return isTooMuch || outcome.stopped().isPresent() ? TOO_MANY_ERRORS : 0;
  }
}
