package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.TrainingExamples;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A training's table, encoded, in the output's folder {@code cache}. */
final class ExampleCache {
  private static final String CACHE = "cache";
  private static final int PROBLEMS_NAMED = 3;

  private ExampleCache() {}

  /**
   * The table's rows, encoded once.
   *
   * @param model location of the folder that encodes
   * @throws FluxSparkException {@code INVALID_ROW} that names the first rows that are wrong
   */
  static Dataset<Row> examples(
      SparkSession spark, TrainRequest request, String model, Path output) {
    Path cache = output.resolve(CACHE);
    if (!Files.exists(cache.resolve("_SUCCESS"))) {
      PromptTable table = PromptTable.open(spark, request.data(), request.dataFormat());
      TrainingExamples.of(
              table.rows(),
              table.name(),
              table.folder(),
              model,
              request.plan().subject(),
              request.plan().sizes(),
              request.plan().type().name().toLowerCase(Locale.ROOT))
          .write()
          .mode("overwrite")
          .parquet(cache.toString());
    }
    Dataset<Row> examples = spark.read().parquet(cache.toString());
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
