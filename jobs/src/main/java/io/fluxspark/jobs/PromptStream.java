package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Prompts as they arrive. */
interface PromptStream {
  /** What Spark watches. */
  Dataset<Row> stream();

  /** The prompts of what has arrived, a batch of the stream; nothing where that is none. */
  Optional<PromptTable> arrived(Dataset<Row> batch);

  /**
   * New files of a folder or a pattern, or new rows of a table.
   *
   * @throws FluxSparkException {@code INVALID_TABLE} when there is none, or its format is not known
   */
  static PromptStream open(SparkSession spark, String prompts, Optional<String> formatName) {
    Optional<PromptFormat> format = PromptTable.format(prompts, formatName);
    Optional<String> table = PromptTable.table(spark, prompts, format);
    if (table.isEmpty()) {
      return files(spark, prompts, PromptTable.requireFormat(prompts, format));
    }
    Dataset<Row> rows =
        PromptTable.readable(
            prompts,
            () ->
                format
                    .flatMap(known -> TableFormat.named(known.optionName()))
                    .filter(known -> TableFormat.isPath(prompts))
                    .map(known -> known.stream(spark, new Path(prompts)))
                    .orElseGet(() -> spark.readStream().table(table.get())));
    return new Rows(spark, prompts, rows);
  }

  private static PromptStream files(SparkSession spark, String prompts, PromptFormat format) {
    boolean isPattern = SparkHadoopUtil.get().isGlobPath(new Path(prompts));
    if (!isPattern && PromptTable.files(spark, prompts).length == 0) {
      throw new FluxSparkException(
          ErrorCode.INVALID_TABLE, "--prompts " + prompts + ": there is no such folder");
    }
    return new Files(spark, prompts, format);
  }

  /**
   * Only names go through the stream. The files of a batch are then read as those of any run: each
   * batch may have columns of its own, and what is wrong is said in the same words.
   */
  record Files(SparkSession spark, String prompts, PromptFormat format) implements PromptStream {
    private static final String PATH = "path";

    /** As Spark's {@code binaryFile} has it; a content that nobody asks for is not read. */
    private static final StructType FILE =
        new StructType()
            .add(PATH, DataTypes.StringType)
            .add("modificationTime", DataTypes.TimestampType)
            .add("length", DataTypes.LongType)
            .add("content", DataTypes.BinaryType);

    @Override
    public Dataset<Row> stream() {
      return spark
          .readStream()
          .format("binaryFile")
          .schema(FILE)
          .option("ignoreMissingFiles", "true")
          .load(prompts)
          .select(PATH);
    }

    @Override
    public Optional<PromptTable> arrived(Dataset<Row> batch) {
      List<String> files = batch.as(Encoders.STRING()).collectAsList();
      return files.isEmpty()
          ? Optional.empty()
          : Optional.of(PromptTable.ofFiles(spark, prompts, format, files));
    }
  }

  /** Rows that are added to a table. */
  record Rows(SparkSession spark, String prompts, Dataset<Row> stream) implements PromptStream {
    /** In this session: a stream has a copy of it, in which nobody set what our writes need. */
    @Override
    public Optional<PromptTable> arrived(Dataset<Row> batch) {
      return batch.isEmpty()
          ? Optional.empty()
          : Optional.of(
              PromptTable.ofRows(
                  spark.createDataFrame(batch.toJavaRDD(), batch.schema()), prompts));
    }
  }
}
