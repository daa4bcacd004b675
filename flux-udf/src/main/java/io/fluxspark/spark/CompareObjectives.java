package io.fluxspark.spark;

import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.program.Device;
import io.fluxspark.training.ComparedObjective;
import io.fluxspark.training.ExampleStore;
import io.fluxspark.training.ObjectiveComparison;
import io.fluxspark.training.TrainingRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * Trains a transformer by each objective and measures what they draw, in one task, which gets all
 * examples. A task that is tried again goes on from the newest checkpoints.
 *
 * @param location of the model's folder
 * @param plan whose goal is replaced by each objective's
 * @param output has a folder of each objective and the comparison; driver and executors see it
 *     under the same path
 */
public record CompareObjectives(
    String location, TrainingRun.Plan plan, ObjectiveComparison.Settings settings, String output)
    implements MapPartitionsFunction<Row, Long> {
  @Override
  public Iterator<Long> call(Iterator<Row> rows) {
    TaskContext context = TaskContext.get();
    Device device = FluxModelLoader.device(PartitionImages.device(context));
    ModelFolder model = ModelLocation.open(location);
    List<String> captions = new ArrayList<>();
    try (ExampleStore examples = new ExampleStore(Path.of(System.getProperty("java.io.tmpdir")))) {
      rows.forEachRemaining(
          row -> {
            examples.add(TrainingExamples.example(row), row.<Double>getAs("weight"));
            captions.add(row.getAs(TrainingColumns.PROMPT));
          });
      for (ComparedObjective objective : ComparedObjective.values()) {
        train(model, objective, examples, device, context);
      }
      Map<String, ObjectiveComparison.Measured> measured = new LinkedHashMap<>();
      try (ObjectiveComparison comparison =
          new ObjectiveComparison(model, examples, captions, settings, device)) {
        for (ComparedObjective objective : ComparedObjective.values()) {
          measured.put(
              objective.toString(),
              comparison.measure(
                  ModelFolder.open(files(objective).made()),
                  objective.goal(),
                  context::isInterrupted));
        }
      }
      new ComparisonFiles(Path.of(output), settings.stepCounts()).write(measured);
      return List.of(plan.settings().steps()).iterator();
    }
  }

  private void train(
      ModelFolder model,
      ComparedObjective objective,
      ExampleStore examples,
      Device device,
      TaskContext context) {
    TrainingFiles files = files(objective);
    try (TrainingRun run =
        TrainingRun.open(
            model, plan.withGoal(objective.goal()), examples, folder(objective), device)) {
      files.goOnAfter(run.step());
      run.run(plan.settings().steps(), files, context::isInterrupted);
      run.write(files.made());
    }
  }

  private Path folder(ComparedObjective objective) {
    return Path.of(output).resolve(objective.toString());
  }

  private TrainingFiles files(ComparedObjective objective) {
    return new TrainingFiles(folder(objective));
  }
}
