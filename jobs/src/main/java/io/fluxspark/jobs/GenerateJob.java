package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestRules;
import io.fluxspark.spark.GenerationJob;
import io.fluxspark.spark.RequestTable;
import io.fluxspark.spark.Tables;
import java.time.Instant;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/** Makes the pictures that a prompt table asks for and that an output folder does not have yet. */
record GenerateJob(Environment environment, GenerateOptions options) {
  private static final int PROBLEMS_NAMED = 3;
  private static final int TOO_MANY_ERRORS = 1;

  /**
   * Does everything, from the table to the closing summary.
   *
   * @return the exit code
   * @throws FluxSparkException when the request was wrong, or something failed
   */
  int run() {
    Instant start = Instant.now();
    Model model = environment.models().open(options.model());
    RequestRules rules = rules(model);
    SparkSession spark = environment.spark().get();
    PromptTable prompts = PromptTable.open(spark, options.prompts(), options.promptsFormat());
    Output output = Output.open(spark, options.output());
    GenerationJob job = job(model, spark, RunReport.runId(start));
    try (RequestTable requests =
            RequestTable.of(prompts.rows(), prompts.name(), rules, job.settings());
        ImageRun run = new ImageRun(environment, spark, job, options.maxErrorFraction())) {
      return run.uninterrupted(() -> make(start, prompts, requests, output, run));
    }
  }

  private int make(
      Instant start, PromptTable prompts, RequestTable requests, Output output, ImageRun run) {
    RequestTable.Counts counted = prompts.read(requests::counts);
    requireRows(requests, counted);
    Dataset<Row> missing =
        output.missing(requests.images()).persist(StorageLevel.MEMORY_AND_DISK());
    RunCounts planned =
        new RunCounts(
            counted.requested(), counted.images(), missing.count(), counted.invalidRows(), 0, 0);
    Portion portion = output.begin();
    ImageRun.Outcome outcome = run.make(missing, planned.missing(), portion);
    run.writeErrors(requests, outcome, output, portion);
    RunCounts counts = planned.after(outcome);
    int previews = 0;
    StageTotals stages = StageTotals.NONE;
    if (counts.made() > 0) {
      previews = Preview.write(run.spark(), portion, output);
      stages = StageTotals.of(run.spark(), portion);
    }
    RunReport report = new RunReport(run.job(), options, counts, stages, start, Instant.now());
    output.write(Output.report(run.job().runId()), report.json());
    output.write("README.md", DatasetCard.of(Tables.images(requests.carried()), run.job()));
    report.print(environment.out(), output, previews);
    outcome.stopped().ifPresent(environment.err()::println);
    boolean isTooMuch = counts.errorFraction() > options.maxErrorFraction();
    return isTooMuch || outcome.stopped().isPresent() ? TOO_MANY_ERRORS : 0;
  }

  private RequestRules rules(Model model) {
    return new RequestRules(
        model.defaults().with(options.columnDefaults(), options.limits()),
        options.limits(),
        options.seed());
  }

  private GenerationJob job(Model model, SparkSession spark, String runId) {
    boolean hasGpu = spark.sparkContext().getConf().contains("spark.task.resource.gpu.amount");
    String dtype = options.dtype().orElse(hasGpu ? "bfloat16" : "float32");
    return new GenerationJob(
        model.location(),
        model.name(),
        model.license(),
        new PictureSettings(
            options.imageFormat().formatName(), options.imageQuality(), dtype, model.digest()),
        options.batchSize(),
        runId,
        model.loader());
  }

  private void requireRows(RequestTable requests, RequestTable.Counts counted) {
    if (counted.images() > 0) {
      return;
    }
    List<String> problems = requests.firstProblems(PROBLEMS_NAMED);
    throw new FluxSparkException(
        problems.isEmpty() ? ErrorCode.INVALID_TABLE : ErrorCode.INVALID_ROW,
        problems.isEmpty()
            ? "--prompts " + options.prompts() + ": has no rows"
            : "no row is valid: " + String.join("; ", problems));
  }
}
