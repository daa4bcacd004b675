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
  private static final String NO_FOLDER = "";

  /**
   * Opens a table. Columns of csv are texts; so are the request's columns of json lines, since a
   * seed of 64 bits does not survive a guess of its type, but for embeddings, which are numbers.
   *
   * @throws FluxSparkException {@code INVALID_TABLE} when there is none, or its format is not known
   */
  static PromptTable open(SparkSession spark, String prompts, Optional<String> formatName) {
    Optional<PromptFormat> format = format(prompts, formatName);
    Optional<String> table = table(spark, prompts, format);
    if (table.isPresent()) {
      return new PromptTable(readable(prompts, () -> spark.table(table.get())), prompts, NO_FOLDER);
    }
    FileStatus[] files = files(spark, prompts);
    if (files.length == 0) {
      throw invalid(prompts, "there is no such file" + (format.isEmpty() ? " or table" : ""), null);
    }
    PromptFormat known = requireFormat(prompts, format);
    Dataset<Row> rows = readable(prompts, () -> read(spark, known, prompts));
    boolean isOneFile = files.length == 1 && files[0].isFile();
    return new PromptTable(
        placed(rows, isOneFile ? lit(prompts) : null), prompts, folder(files).toString());
  }

  /**
   * Some of a folder's files, or of those of a pattern, as a table of their own.
   *
   * @param prompts the folder or pattern
   * @param files paths
   */
  static PromptTable ofFiles(
      SparkSession spark, String prompts, PromptFormat format, List<String> files) {
    Dataset<Row> rows = readable(prompts, () -> read(spark, format, files.toArray(String[]::new)));
    return new PromptTable(placed(rows, null), prompts, folder(files(spark, prompts)).toString());
  }

  /** Rows of a table, or some of them. */
  static PromptTable ofRows(Dataset<Row> rows, String prompts) {
    return new PromptTable(rows, prompts, NO_FOLDER);
  }

  /** What an option says of the format, or else the name. */
  static Optional<PromptFormat> format(String prompts, Optional<String> formatName) {
    return formatName.map(PromptFormat::fromName).or(() -> PromptFormat.ofFile(prompts));
  }

  /**
   * The format of files.
   *
   * @throws FluxSparkException {@code INVALID_TABLE} where it is not known
   */
  static PromptFormat requireFormat(String prompts, Optional<PromptFormat> format) {
    return format.orElseThrow(
        () ->
            invalid(
                prompts,
                "its name does not say its format; --prompts-format "
                    + PromptFormat.names()
                    + " does",
                null));
  }

  /**
   * A table's name for SQL; nothing where prompts are files.
   *
   * @throws FluxSparkException {@code INVALID_TABLE} when there is no such table, {@code
   *     INVALID_OPTION} when Spark lacks what its format needs
   */
  static Optional<String> table(SparkSession spark, String prompts, Optional<PromptFormat> format) {
    Optional<TableFormat> connected =
        format.flatMap(known -> TableFormat.named(known.optionName()));
    connected.ifPresent(known -> known.require(spark, "--prompts-format"));
    if (connected.isPresent() && TableFormat.isPath(prompts)) {
      return Optional.of(
          readable(prompts, () -> connected.get().ofPath(spark, qualified(spark, prompts))));
    }
    boolean isSaid = connected.isPresent() || format.equals(Optional.of(PromptFormat.TABLE));
    if (!isSaid && format.isPresent()) {
      return Optional.empty();
    }
    boolean isThere = isTable(spark, prompts);
    if (isSaid && !isThere) {
      throw invalid(prompts, "there is no such table", null);
    }
    return isThere ? Optional.of(prompts) : Optional.empty();
  }

  private static Path folder(FileStatus... files) {
    return files[0].isFile() ? files[0].getPath().getParent() : files[0].getPath();
  }

  /**
   * Does something that reads the rows.
   *
   * @throws FluxSparkException {@code INVALID_TABLE} when the files are not of the table's format
   */
  <T> T read(Callable<T> action) {
    return readable(name, action);
  }

  /** The same of a table that is not open yet. */
  static <T> T readable(String prompts, Callable<T> action) {
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

  private static Dataset<Row> read(SparkSession spark, PromptFormat format, String... paths)
      throws AnalysisException {
    return switch (format) {
      case CSV -> csv(spark, paths);
      case JSON -> json(spark, paths);
      case PARQUET -> spark.read().parquet(paths);
      case TABLE, ICEBERG, DELTA -> throw new IllegalArgumentException("a table is no file");
    };
  }

  /** As RFC 4180 has it: a header, quotes doubled inside quotes, line feeds inside quotes. */
  private static Dataset<Row> csv(SparkSession spark, String... paths) {
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
    StructType schema = header(reader.csv(paths), String.join(", ", paths));
    return reader
        .option("header", "true")
        .option("enforceSchema", "false") // files of one table may differ, which must be seen
        .schema(schema.add(Tables.SOURCE_MALFORMED, DataTypes.StringType))
        .csv(paths);
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

  private static Dataset<Row> json(SparkSession spark, String... paths) {
    Map<String, String> options =
        Map.of(
            "encoding", "UTF-8",
            "mode", "PERMISSIVE",
            "columnNameOfCorruptRecord", Tables.SOURCE_MALFORMED);
    StructType schema = new StructType();
    for (StructField field : spark.read().options(options).json(paths).schema().fields()) {
      if (!field.name().equals(Tables.SOURCE_MALFORMED)) {
        schema = schema.add(field.name(), jsonType(field));
      }
    }
    return spark
        .read()
        .options(options)
        .schema(schema.add(Tables.SOURCE_MALFORMED, DataTypes.StringType))
        .json(paths);
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

  static FileStatus[] files(SparkSession spark, String prompts) {
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

  static boolean isTable(SparkSession spark, String name) {
    try {
      return spark.catalog().tableExists(name);
    } catch (RuntimeException e) {
      return false; // a path is often no name that Spark can take apart
    } catch (Exception e) {
      return false; // AnalysisException and ParseException are checked, but Scala does not say so
    }
  }

  private static Path qualified(SparkSession spark, String prompts) throws IOException {
    Path path = new Path(prompts);
    return path.getFileSystem(spark.sparkContext().hadoopConfiguration()).makeQualified(path);
  }

  private static FluxSparkException invalid(String prompts, String problem, Throwable cause) {
    return new FluxSparkException(
        ErrorCode.INVALID_TABLE, "--prompts " + prompts + ": " + problem, cause);
  }
}
