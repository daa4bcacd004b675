package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.Tables;
import org.apache.hadoop.fs.Path;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Writes rows as Parquet files of about the same size. No row is shuffled: each task reads
 * committed files of that size together, and writes one file of their rows. What is left out of
 * them makes it smaller. Row groups, of about 96 MB, are never cut.
 *
 * @param target folder, new
 * @param fileSize bytes that the rows of one file come from, at most, but for one row group
 */
record ParquetExport(String target, long fileSize) {
  /**
   * A million pictures of 1.5 MB are 3,000 such files, where generate writes tens of thousands; and
   * one reader still fetches or tries again a file in seconds.
   */
  static final String DEFAULT_SIZE = "512MB";

  /**
   * Reads an option.
   *
   * @throws FluxSparkException {@code INVALID_OPTION}
   */
  static long fileSize(String option) {
    long bytes;
    try {
      bytes = JavaUtils.byteStringAsBytes(option);
    } catch (NumberFormatException e) {
      throw invalid(option, e);
    }
    if (bytes < 1) {
      throw invalid(option, null);
    }
    return bytes;
  }

  private static FluxSparkException invalid(String option, Exception cause) {
    return new FluxSparkException(
        ErrorCode.INVALID_OPTION,
        "--target-file-size: '" + option + "'; a size is needed, such as " + DEFAULT_SIZE,
        cause);
  }

  /** A session beside this one in which a task reads files of the wanted size together. */
  SparkSession session(SparkSession spark) {
    SparkSession own = spark.newSession();
    own.conf().set("spark.sql.files.maxPartitionBytes", fileSize);
    own.conf().set("spark.sql.files.openCostInBytes", 0);
    // Otherwise all slots get a share of what is little.
    own.conf().set("spark.sql.files.minPartitionNum", 1);
    return own;
  }

  /**
   * Writes the rows, and commits them as a whole.
   *
   * @param images read in {@link #session}
   * @return how many there were
   */
  long write(Dataset<Row> images) {
    CommitProtocol.require(images.sparkSession(), new Path(target));
    images.drop(Tables.PORTION).write().options(FolderPortion.PARQUET).parquet(target);
    CommitProtocol.verify(images.sparkSession(), target);
    return images.sparkSession().read().schema(images.schema()).parquet(target).count();
  }
}
