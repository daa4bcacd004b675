package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.spark.EmbedColumns;
import io.fluxspark.spark.Tables;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The prompt table as it is, with where each row stands.
 *
 * @param name in messages
 * @param folder to which paths in rows are relative; empty for a table that is no file
 */
record PromptTable(Dataset<Row> rows, String name, String folder) {

  /**
   * Opens a table. Columns of csv are texts; so are the request's columns of json lines, since a
   * seed of 64 bits does not survive a guess of its type, but for embeddings, which are numbers.
   *
   * @throws FluxSparkException {@code INVALID_TABLE} when there is none, or its format is not known
   */
  static PromptTable open(SparkSession spark, String prompts, Optional<String> formatName) {
    Optional<PromptFormat> format =
        formatName.map(PromptFormat::fromName).or(() -> PromptFormat.ofFile(prompts));
    boolean isTable =
        format.map(known -> known == PromptFormat.TABLE).orElseGet(() -> isTable(spark, prompts));
    if (isTable) {
      return new PromptTable(table(spark, prompts), prompts, "");
    }
    FileStatus[] files = files(spark, prompts);
    if (files.length == 0) {
      throw invalid(prompts, "there is no such file" + (format.isEmpty() ? " or table" : ""), null);
    }
    if (format.isEmpty()) {
      throw invalid(
          prompts,
          "its name does not say its format; --prompts-format " + PromptFormat.names() + " does",
          null);
    }
    Dataset<Row> rows = readable(prompts, () -> read(spark, prompts, format.get()));
    boolean isOneFile = files.length == 1 && files[0].isFile();
    Path first = files[0].getPath();
    Path folder = files[0].isFile() ? first.getParent() : first;
    return new PromptTable(
        placed(rows, isOneFile ? lit(prompts) : null), prompts, folder.toString());
  }

  /**
   * Does something that reads the rows.
   *
   * @throws FluxSparkException {@code INVALID_TABLE} when the files are not of the table's format
   */
  <T> T read(Callable<T> action) {
    return readable(name, action);
  }

  private static <T> T readable(String prompts, Callable<T> action) {
    try {
      return action.call();
    } catch (Exception e) {
      Throwable cause = e;
      while (cause != null && !isUnreadable(cause)) {
        cause = cause.getCause();
      }
      if (cause != null) {
        throw invalid(prompts, "cannot be read: " + rootMessage(cause), e);
      }
      throw e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
    }
  }

  private static boolean isUnreadable(Throwable e) {
    return e instanceof AnalysisException
        || (e instanceof SparkThrowable spark
            && spark.getCondition() != null
            && spark.getCondition().startsWith("FAILED_READ_FILE"));
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }

  private static Dataset<Row> read(SparkSession spark, String path, PromptFormat format)
      throws AnalysisException {
    return switch (format) {
      case CSV -> csv(spark, path);
      case JSON -> json(spark, path);
      case PARQUET -> spark.read().parquet(path);
      case TABLE -> throw new IllegalArgumentException("a table is no file");
    };
  }

  /** As RFC 4180 has it: a header, quotes doubled inside quotes, line feeds inside quotes. */
  private static Dataset<Row> csv(SparkSession spark, String path) {
    DataFrameReader reader =
        spark
            .read()
            .options(
                Map.of(
                    "multiLine", "true",
                    "quote", "\"",
                    "escape", "\"",
                    "encoding", "UTF-8",
                    "mode", "PERMISSIVE",
                    "columnNameOfCorruptRecord", Tables.SOURCE_MALFORMED));
    StructType schema = header(reader.csv(path), path);
    return reader
        .option("header", "true")
        .option("enforceSchema", "false") // files of one table may differ, which must be seen
        .schema(schema.add(Tables.SOURCE_MALFORMED, DataTypes.StringType))
        .csv(path);
  }

  /** Spark's own reading of a header gives columns of one name new names. */
  private static StructType header(Dataset<Row> lines, String path) {
    List<Row> first = lines.takeAsList(1);
    if (first.isEmpty()) {
      throw invalid(path, "has no header; a line with the names of the columns is needed", null);
    }
    StructType header = new StructType();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < first.get(0).size(); i++) {
      String name = first.get(0).isNullAt(i) ? "_c" + i : first.get(0).getString(i);
      if (!names.add(name.toLowerCase(Locale.ROOT))) {
        throw invalid(
            path,
            "column '" + name + "': is there twice; names that differ in case are one name",
            null);
      }
      header = header.add(name, DataTypes.StringType);
    }
    return header;
  }

  private static Dataset<Row> json(SparkSession spark, String path) {
    Map<String, String> options =
        Map.of(
            "encoding", "UTF-8",
            "mode", "PERMISSIVE",
            "columnNameOfCorruptRecord", Tables.SOURCE_MALFORMED);
    StructType schema = new StructType();
    for (StructField field : spark.read().options(options).json(path).schema().fields()) {
      if (!field.name().equals(Tables.SOURCE_MALFORMED)) {
        schema = schema.add(field.name(), jsonType(field));
      }
    }
    return spark
        .read()
        .options(options)
        .schema(schema.add(Tables.SOURCE_MALFORMED, DataTypes.StringType))
        .json(path);
  }

  private static DataType jsonType(StructField field) {
    String name = field.name().toLowerCase(Locale.ROOT);
    DataType type = EmbedColumns.TYPES.getOrDefault(name, field.dataType());
    boolean isNested =
        type instanceof StructType || type instanceof ArrayType || type instanceof MapType;
    boolean isRequest = RequestColumns.ALL.contains(name);
    return isRequest && !isNested ? DataTypes.StringType : type;
  }

  private static Dataset<Row> placed(Dataset<Row> rows, Column file) {
    Column name = file == null ? col("_metadata.file_name") : file;
    return rows.select(
        col("*"),
        name.as(Tables.SOURCE_FILE),
        col("_metadata.file_block_start").as(Tables.SOURCE_START));
  }

  private static FileStatus[] files(SparkSession spark, String prompts) {
    try {
      Path path = new Path(prompts);
      FileStatus[] files =
          path.getFileSystem(spark.sparkContext().hadoopConfiguration()).globStatus(path);
      return files == null ? new FileStatus[0] : files;
    } catch (IOException | RuntimeException e) {
      throw StorageFailure.of(
          ErrorCode.INVALID_TABLE, "--prompts " + prompts, "cannot be looked up", e);
    }
  }

  private static boolean isTable(SparkSession spark, String name) {
    try {
      return spark.catalog().tableExists(name);
    } catch (RuntimeException e) {
      return false; // a path is often no name that Spark can take apart
    } catch (Exception e) {
      return false; // AnalysisException and ParseException are checked, but Scala does not say so
    }
  }

  private static Dataset<Row> table(SparkSession spark, String name) {
    if (!isTable(spark, name)) {
      throw invalid(name, "there is no such table", null);
    }
    return spark.table(name);
  }

  private static FluxSparkException invalid(String prompts, String problem, Throwable cause) {
    return new FluxSparkException(
        ErrorCode.INVALID_TABLE, "--prompts " + prompts + ": " + problem, cause);
  }
}
