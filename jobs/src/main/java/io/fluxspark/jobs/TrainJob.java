package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.request.Conditioning;
import io.fluxspark.spark.TrainModel;
import io.fluxspark.spark.TrainingExamples;
import io.fluxspark.training.Goal;
import io.fluxspark.training.SampleSettings;
import io.fluxspark.training.Subject;
import io.fluxspark.training.TrainingRun;
import java.nio.file.Path;
import java.time.Instant;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Trains a model: encodes the table once, then goes down the gradient in one task. */
record TrainJob(Environment environment, TrainRequest request) {
  private static final int SAMPLES = 16;

  void run() {
    Path output = Path.of(request.output()).toAbsolutePath();
    ModelFolder model = ModelLocation.open(request.model());
    FluxPipeline.verify(model);
    requireTrainable(model, request.plan());
    TrainingRecord.keep(output, request, model.digest());
    SparkSession spark = environment.spark().get();
    String group = RunReport.runId(Instant.now());
    spark.sparkContext().setJobGroup(group, "fluxspark " + group, false);
    try (Interruption interruption = new Interruption(spark.sparkContext(), group)) {
      train(spark, model, output, interruption);
    }
  }

  private void train(
      SparkSession spark, ModelFolder model, Path output, Interruption interruption) {
    try {
      train(spark, model, output);
    } catch (Exception e) {
      throw interruption.explain(e);
    }
  }

  private void train(SparkSession spark, ModelFolder model, Path output) {
    String location = request.location(model);
    Dataset<Row> examples = ExampleCache.examples(spark, request, location, output);
    long step =
        TrainingExamples.inOrder(examples)
            .mapPartitions(
                new TrainModel(location, request.plan(), samples(examples), output.toString()),
                Encoders.LONG())
            .head();
    environment.out().println("step " + step + ": " + output);
  }

  /** Refuses before anything is encoded what would fail afterwards. */
  static void requireTrainable(ModelFolder model, TrainingRun.Plan plan) {
    boolean isMoreChannels =
        model.conditioning() == Conditioning.FILL || model.conditioning() == Conditioning.CONTROL;
    if (isMoreChannels && plan.subject() != Subject.VAE) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          "--model: "
              + model.path()
              + " is "
              + model.variant()
              + ", which is shown pictures as more channels; models of text to image and Kontext are"
              + " trained");
    }
    int multiple = 2 * model.vaeConfig().scaleFactor();
    if (plan.sizes().resolution() % multiple != 0) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--resolution: "
              + plan.sizes().resolution()
              + "; a multiple of "
              + multiple
              + " is needed");
    }
    if (plan.goal() instanceof Goal.Guidance && model.transformerConfig().guidanceEmbeds()) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          "--model: "
              + model.path()
              + " has a guidance embedding; guidance distillation needs a model without one");
    }
    if (plan.goal() instanceof Goal.Guidance && plan.lora() != null) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--objective: guidance-distillation adds an embedding, which a LoRA cannot hold; --full is"
              + " needed");
    }
    if (!(plan.goal() instanceof Goal.OnPath) && plan.subject() != Subject.TRANSFORMER) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--train: '" + plan.subject() + "'; distillation trains the transformer alone");
    }
  }

  private SampleSettings samples(Dataset<Row> examples) {
    SampleSettings given = request.samples();
    return given.samples().isEmpty()
        ? new SampleSettings(
            TrainingExamples.samples(examples, SAMPLES),
            given.every(),
            given.numInferenceSteps(),
            given.guidanceScale(),
            given.trueCfgScale())
        : given;
  }
}
