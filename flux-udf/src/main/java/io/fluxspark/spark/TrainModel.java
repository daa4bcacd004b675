package io.fluxspark.spark;

import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.training.ExampleStore;
import io.fluxspark.training.TrainingRun;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * Trains a model in one task, which gets all examples. A task that is tried again goes on from the
 * newest checkpoint.
 *
 * @param location of the model's folder
 * @param output folder of checkpoints, logs and the new model, which driver and executors see under
 *     the same path
 */
public record TrainModel(String location, TrainingRun.Plan plan, String output)
    implements MapPartitionsFunction<Row, Long> {
  /** The sub folder with the new model. */
  public static final String MODEL = "model";

  @Override
  public Iterator<Long> call(Iterator<Row> rows) {
    TaskContext context = TaskContext.get();
    Path folder = Path.of(output);
    try (ExampleStore examples = new ExampleStore(Path.of(System.getProperty("java.io.tmpdir")))) {
      rows.forEachRemaining(
          row -> examples.add(TrainingExamples.example(row), row.<Double>getAs("weight")));
      try (TrainingRun run =
              TrainingRun.open(
                  ModelLocation.open(location),
                  plan,
                  examples,
                  folder,
                  FluxModelLoader.device(GenerateImages.device(context)));
          TrainingFiles files = TrainingFiles.open(folder, run.step())) {
        run.run(plan.settings().steps(), files, context::isInterrupted);
        run.write(folder.resolve(MODEL));
        return List.of(run.step()).iterator();
      }
    }
  }
}
