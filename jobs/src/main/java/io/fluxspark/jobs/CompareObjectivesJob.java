package io.fluxspark.jobs;

import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.spark.CompareObjectives;
import io.fluxspark.spark.TrainingExamples;
import io.fluxspark.training.ComparedObjective;
import io.fluxspark.training.NewModels;
import io.fluxspark.training.ObjectiveComparison;
import io.fluxspark.training.TrainingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/**
 * Compares objectives: encodes the table once, then trains and measures one after the other in one
 * task.
 *
 * @param request of a training, whose goal is each objective's in turn
 */
record CompareObjectivesJob(
    Environment environment,
    TrainRequest request,
    FirstWeights firstWeights,
    int pictures,
    List<Integer> stepCounts) {
  /** The sub folder of the output with new first weights. */
  private static final String INIT = "init";

  /** Where the transformer begins. */
  enum FirstWeights {
    OF_MODEL,
    NEW
  }

  void run() {
    Path output = Path.of(request.output()).toAbsolutePath();
    ModelFolder given = ModelLocation.open(request.model());
    FluxPipeline.verify(given);
    TrainJob.requireTrainable(given, request.plan());
    ModelFolder model =
        firstWeights == FirstWeights.NEW ? withNewTransformer(given, output) : given;
    for (ComparedObjective objective : ComparedObjective.values()) {
      TrainingRecord.keep(
          output.resolve(objective.toString()), request.withGoal(objective.goal()), model.digest());
    }
    SparkSession spark = environment.spark().get();
    String group = RunReport.runId(Instant.now());
    spark.sparkContext().setJobGroup(group, "fluxspark " + group, false);
    try (Interruption interruption = new Interruption(spark.sparkContext(), group)) {
      compare(spark, model, output, interruption);
    }
  }

  private ModelFolder withNewTransformer(ModelFolder given, Path output) {
    Path first = output.resolve(INIT);
    if (!Files.exists(first)) {
      NewModels.withNewTransformer(given, first, request.plan().settings().seed());
    }
    return ModelFolder.open(first);
  }

  private void compare(
      SparkSession spark, ModelFolder model, Path output, Interruption interruption) {
    try {
      String location =
          firstWeights == FirstWeights.NEW ? model.path().toString() : request.location(model);
      TrainingRun.Plan plan = request.plan();
      TrainingExamples.inOrder(ExampleCache.examples(spark, request, location, output))
          .mapPartitions(
              new CompareObjectives(
                  location,
                  plan,
                  new ObjectiveComparison.Settings(
                      pictures,
                      stepCounts,
                      plan.settings().batchSize(),
                      plan.guidanceScale(),
                      plan.settings().seed(),
                      plan.type()),
                  output.toString()),
              Encoders.LONG())
          .head();
      environment.out().println(output.resolve("comparison.md"));
    } catch (Exception e) {
      throw interruption.explain(e);
    }
  }
}
