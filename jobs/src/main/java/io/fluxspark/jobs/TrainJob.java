package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.spark.TrainModel;
import io.fluxspark.spark.TrainingExamples;
import io.fluxspark.training.ModelWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Trains a model: encodes the table once, then goes down the gradient in one task. */
record TrainJob(Environment environment, TrainRequest request) {
  private static final String CACHE = "cache";
  private static final int PROBLEMS_NAMED = 3;

  void run() {
    Path output = Path.of(request.output()).toAbsolutePath();
    String model = model(output);
    FluxPipeline.verify(ModelLocation.open(model));
    SparkSession spark = environment.spark().get();
    Dataset<Row> examples = examples(spark, model, output);
    long step =
        TrainingExamples.inOrder(examples)
            .mapPartitions(
                new TrainModel(model, request.plan(), output.toString()), Encoders.LONG())
            .head();
    environment.out().println("step " + step + ": " + output.resolve(TrainModel.MODEL));
  }

  /** The folder of the model that is trained. */
  private String model(Path output) {
    if (request.model().isPresent()) {
      return request.model().get();
    }
    Path first = output.resolve("init");
    if (!Files.exists(first)) {
      ModelWriter.create(
          Path.of(request.init().orElseThrow()), first, request.plan().settings().seed());
    }
    return first.toString();
  }

  /** The table's rows, encoded once. */
  private Dataset<Row> examples(SparkSession spark, String model, Path output) {
    String cache = output.resolve(CACHE).toString();
    if (!Files.exists(output.resolve(CACHE).resolve("_SUCCESS"))) {
      PromptTable table = PromptTable.open(spark, request.data(), request.dataFormat());
      Dataset<Row> encoded =
          TrainingExamples.of(
              table.rows(),
              table.name(),
              table.folder(),
              model,
              request.plan().subject(),
              request.plan().sizes(),
              request.plan().type().name().toLowerCase(java.util.Locale.ROOT));
      encoded.write().mode("overwrite").parquet(cache);
    }
    Dataset<Row> examples = spark.read().parquet(cache);
    List<String> problems =
        examples
            .where(examples.col(TrainingExamples.ERROR).isNotNull())
            .select(TrainingExamples.ERROR)
            .limit(PROBLEMS_NAMED)
            .as(Encoders.STRING())
            .collectAsList();
    if (!problems.isEmpty()) {
      throw new FluxSparkException(ErrorCode.INVALID_ROW, String.join("; ", problems));
    }
    return examples;
  }
}
