package io.fluxspark.spark;

import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.training.ExampleStore;
import io.fluxspark.training.SampleSettings;
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
 * @param samples that are drawn as it goes
 * @param output folder of checkpoints, logs, samples and the new model, which driver and executors
 *     see under the same path
 */
public record TrainModel(
    String location, TrainingRun.Plan plan, SampleSettings samples, String output)
    implements MapPartitionsFunction<Row, Long> {
  @Override
  public Iterator<Long> call(Iterator<Row> rows) {
    TaskContext context = TaskContext.get();
    TrainingFiles files = new TrainingFiles(Path.of(output));
    try (ExampleStore examples = new ExampleStore(Path.of(System.getProperty("java.io.tmpdir")))) {
      rows.forEachRemaining(
          row -> examples.add(TrainingExamples.example(row), row.<Double>getAs("weight")));
      try (TrainingRun run =
          TrainingRun.open(
              ModelLocation.open(location),
              plan,
              examples,
              Path.of(output),
              FluxModelLoader.device(PartitionImages.device(context)))) {
        files.goOnAfter(run.step());
        long steps = plan.settings().steps();
        do {
          long next = Math.min(steps, (run.step() / samples.every() + 1) * samples.every());
          run.run(next, files, context::isInterrupted);
          run.write(files.made());
          files.sample(run.step(), run.sampleSheet(files.made(), samples));
        } while (run.step() < steps);
        return List.of(run.step()).iterator();
      }
    }
  }
}
