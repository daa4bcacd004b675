package io.fluxspark.jobs;

import io.fluxspark.spark.Tables;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A part of an output folder: a folder of pictures and one of failed requests, each of which is
 * there as a whole or not at all.
 *
 * @param data its folder of pictures
 * @param errors its folder of failed requests
 * @param lease options of its writes, see {@link GuardedCommit#options}
 */
record FolderPortion(String data, String errors, Map<String, String> lease) implements Portion {
  private static final Pattern NAME = Pattern.compile(Tables.PORTION + "=(\\d{1,9})");

  /**
   * Picture files are compressed already, and a dictionary or statistics of them would only cost.
   * Rows are large: sizes are looked at every few rows, or a task would gather a gigabyte first.
   */
  static final Map<String, String> PARQUET =
      Map.of(
          "compression", "uncompressed",
          "parquet.enable.dictionary#image.bytes", "false",
          "parquet.column.statistics.enabled#image.bytes", "false",
          "parquet.block.size", Integer.toString(96 << 20),
          "parquet.block.size.row.check.min", "4",
          "parquet.block.size.row.check.max", "16",
          "parquet.page.size.row.check.min", "1",
          "parquet.page.size.row.check.max", "16");

  /** Hadoop's committer gives leftovers up too, but fails where one of them is gone already. */
  private static final Map<String, String> NO_ABORT =
      Map.of("fs.s3a.committer.abort.pending.uploads", "false");

  static String name(int number) {
    return String.format(Locale.ROOT, "%s=%06d", Tables.PORTION, number);
  }

  /** The number in a folder's name, where it is a portion's. */
  static OptionalInt number(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }

  @Override
  public void write(Dataset<Row> images, Supplier<Optional<Dataset<Row>>> failed) {
    images.write().options(PARQUET).options(NO_ABORT).options(lease).parquet(data);
    finish(images.sparkSession(), data);
    failed.get().ifPresent(this::writeErrors);
  }

  @Override
  public void writeErrors(Dataset<Row> failed) {
    failed.coalesce(1).write().options(NO_ABORT).options(lease).parquet(errors);
    finish(failed.sparkSession(), errors);
  }

  private static void finish(SparkSession spark, String location) {
    CommitProtocol.verify(spark, location);
    Path folder = new Path(location);
    try {
      FileSystem files = folder.getFileSystem(spark.sparkContext().hadoopConfiguration());
      UnfinishedUploads.abort(files, folder);
      CommitLeftovers.delete(files, folder);
    } catch (IOException e) {
      // the portion is committed; the run's end, or the next one, gives up what is left
    }
  }
}
