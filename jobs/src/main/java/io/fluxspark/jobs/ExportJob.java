package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.to_json;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.spark.Tables;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Writes the committed pictures of an output in another form, all executors at once.
 *
 * @param fileSize of Parquet files, see {@link ParquetExport}
 * @param nearDuplicates what is left out
 */
record ExportJob(
    Environment environment,
    String location,
    String target,
    ExportFormat format,
    int imagesPerShard,
    long fileSize,
    Optional<NearDuplicates> nearDuplicates) {

  /**
   * What was done.
   *
   * @param images that were written
   * @param nearDuplicates that were left out
   */
  record Exported(long images, long nearDuplicates) {}

  /**
   * Writes them.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT} when there is no such output, it has no
   *     pictures, or the target is there already
   */
  Exported run() {
    ParquetExport parquet = new ParquetExport(target, fileSize);
    SparkSession shared = environment.spark().get();
    if (!TableFormat.isPath(location) && PromptTable.isTable(shared, location)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT,
          "--output "
              + location
              + ": is a table; export reads the Parquet of an output folder, tables are read with"
              + " Spark SQL");
    }
    SparkSession spark = format == ExportFormat.PARQUET ? parquet.session(shared) : shared;
    Dataset<Row> images = FolderOutput.open(spark, location).images();
    requireNew(spark);
    if (nearDuplicates.isEmpty()) {
      return new Exported(write(images, parquet), 0);
    }
    Dataset<String> left = nearDuplicates.get().of(images).persist(StorageLevel.MEMORY_AND_DISK());
    try {
      return new Exported(write(NearDuplicates.without(images, left), parquet), left.count());
    } finally {
      left.unpersist();
    }
  }

  private long write(Dataset<Row> images, ParquetExport parquet) {
    return format == ExportFormat.PARQUET ? parquet.write(images) : writeFiles(images);
  }

  private long writeFiles(Dataset<Row> images) {
    Column[] described =
        Arrays.stream(images.columns())
            .filter(name -> !name.equals(Tables.IMAGE))
            .map(name -> col("`" + name.replace("`", "``") + "`"))
            .toArray(Column[]::new);
    Dataset<Row> pictures =
        images.select(
            col(Tables.IMAGE + "." + Tables.PATH),
            col(Tables.IMAGE + "." + Tables.BYTES),
            col(RequestColumns.PROMPT),
            to_json(struct(described)));
    return pictures
        .mapPartitions(
            new ExportTask(
                target,
                format,
                imagesPerShard,
                new SerializableConfiguration(
                    images.sparkSession().sparkContext().hadoopConfiguration())),
            Encoders.LONG())
        .agg(sum("value"))
        .head()
        .getLong(0);
  }

  private void requireNew(SparkSession spark) {
    try {
      Path path = new Path(target);
      FileSystem files = path.getFileSystem(spark.sparkContext().hadoopConfiguration());
      if (files.exists(path)) {
        throw new FluxSparkException(
            ErrorCode.INVALID_OUTPUT,
            "--target " + target + ": is there already; give a new folder");
      }
    } catch (FluxSparkException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw StorageFailure.of(
          ErrorCode.INVALID_OUTPUT, "--target " + target, "cannot be looked at", e);
    }
  }
}
