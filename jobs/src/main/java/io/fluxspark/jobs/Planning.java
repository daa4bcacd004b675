package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.request.RequestRules;
import io.fluxspark.spark.ClipModel;
import io.fluxspark.spark.GenerationJob;
import io.fluxspark.spark.HadoopInputFiles;
import io.fluxspark.spark.ImageTasks;
import io.fluxspark.spark.Model;
import io.fluxspark.spark.RequestTable;
import io.fluxspark.spark.Slots;
import io.fluxspark.spark.TaskLayout;
import io.fluxspark.spark.TaskLayout.BucketCount;
import io.fluxspark.spark.TaskSizes;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a job will do: everything that is known before a model is loaded and anything is written.
 *
 * @param missing the pictures to make, kept as {@link RequestTable#storage} says
 * @param buckets how many of them each bucket has
 * @param counts with nothing made yet
 */
record Planning(
    Model model,
    SparkSession spark,
    Output output,
    GenerationJob job,
    RequestTable requests,
    Dataset<Row> missing,
    List<BucketCount> buckets,
    TaskLayout layout,
    RunCounts counts)
    implements AutoCloseable {
  private static final int PROBLEMS_NAMED = 3;

  /**
   * Opens model, table and output, and finds out what is missing.
   *
   * @throws FluxSparkException when the request is wrong
   */
  static Planning of(Environment environment, GenerateOptions options) {
    return of(
        environment,
        options,
        spark -> PromptTable.open(spark, options.prompts(), options.promptsFormat()));
  }

  /** Opens the model. */
  static Model model(Environment environment, GenerateOptions options) {
    return environment
        .models()
        .open(
            new ModelSource(options.model(), options.variant(), options.modelStore(), environment));
  }

  /**
   * The same of another table than the options name.
   *
   * @param table opens it
   */
  static Planning of(
      Environment environment, GenerateOptions options, Function<SparkSession, PromptTable> table) {
    options.review().open();
    Optional<ClipModel> clip = options.clipModel().map(ClipModel::open);
    Model model = model(environment, options);
    RequestDefaults defaults = model.defaults().with(options.columnDefaults(), options.limits());
    SparkSession spark = environment.spark().get();
    PromptTable prompts = table.apply(spark);
    RequestRules rules =
        new RequestRules(
            defaults,
            options.limits(),
            options.seed(),
            model.conditioning(),
            model.embedDims(),
            options.autoResize().orElse(model.autoResize()),
            new HadoopInputFiles(prompts.folder(), model.adaptable()));
    Output output = Output.open(spark, options);
    Finished before = output.finished();
    GenerationJob job = job(model, clip, spark, options);
    RequestTable requests = RequestTable.of(prompts.rows(), prompts.name(), rules, job.settings());
    try {
      RequestTable.Counts counted =
          prompts.read(
              () -> {
                QueryCompilation.choose(spark, prompts.rows(), before);
                return requests.counts();
              });
      requireRows(requests, counted, options.prompts());
      return of(model, spark, output, job, requests, counted, options);
    } catch (RuntimeException | Error e) {
      requests.close();
      throw e;
    }
  }

  private static Planning of(
      Model model,
      SparkSession spark,
      Output output,
      GenerationJob job,
      RequestTable requests,
      RequestTable.Counts counted,
      GenerateOptions options) {
    Finished finished = output.finished();
    Dataset<Row> unmade = finished.missing(requests.images());
    boolean areErrorsKept = finished.hasErrors() && !options.retryErrors();
    Dataset<Row> missing = areErrorsKept ? finished.promising(unmade) : unmade;
    missing.persist(requests.storage());
    List<BucketCount> buckets = ImageTasks.buckets(missing);
    long toMake = buckets.stream().mapToLong(BucketCount::count).sum();
    long made = counted.images() - (areErrorsKept ? unmade.count() : toMake);
    int slots = Slots.of(spark);
    TaskSizes usual = TaskSizes.ofCluster(slots);
    TaskLayout layout =
        TaskLayout.of(
            buckets,
            options.batchSize(),
            slots,
            options.commitEvery().map(usual::withImagesAPortion).orElse(usual));
    RunCounts counts =
        new RunCounts(
            counted.requested(),
            counted.images(),
            made,
            counted.images() - made - toMake,
            counted.invalidRows(),
            0,
            0,
            0);
    return new Planning(model, spark, output, job, requests, missing, buckets, layout, counts);
  }

  private static GenerationJob job(
      Model model, Optional<ClipModel> clip, SparkSession spark, GenerateOptions options) {
    boolean hasGpu = spark.sparkContext().getConf().contains("spark.task.resource.gpu.amount");
    return new GenerationJob(
        model.location(),
        model.name(),
        model.license(),
        new PictureSettings(
            options.imageFormat().formatName(),
            options.imageQuality(),
            hasGpu ? options.dtypeOnAGpu() : options.dtypeOnACpu(),
            model.digest()),
        options.offload(),
        options.batchSize(),
        options.review(),
        clip.orElse(null),
        options.modelStore(),
        RunReport.runId(Instant.now()),
        model.loader());
  }

  private static void requireRows(
      RequestTable requests, RequestTable.Counts counted, String prompts) {
    if (counted.images() > 0) {
      return;
    }
    List<String> problems = requests.firstProblems(PROBLEMS_NAMED);
    throw new FluxSparkException(
        problems.isEmpty() ? ErrorCode.INVALID_TABLE : ErrorCode.INVALID_ROW,
        problems.isEmpty()
            ? "--prompts " + prompts + ": has no rows"
            : "no row is valid: " + String.join("; ", problems));
  }

  /** The pictures to make, as tasks. */
  ImageTasks tasks() {
    return ImageTasks.of(missing, layout);
  }

  /** Gives up what was kept. */
  @Override
  public void close() {
    missing.unpersist();
    requests.close();
  }
}
