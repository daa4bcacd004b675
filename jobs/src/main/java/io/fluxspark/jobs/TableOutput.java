package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.Tables;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A table of Iceberg or Delta Lake: one row a picture, or a request that failed, which has an
 * {@code error_code}. The table says itself which commits are whole.
 */
final class TableOutput implements Output {
  /** What a failed request's row has beside a picture's. */
  private static final StructType ERROR =
      new StructType()
          .add(Tables.ERROR_CODE, DataTypes.StringType)
          .add(Tables.ERROR_MESSAGE, DataTypes.StringType);

  private static final String PROVIDER = "Provider";

  private final SparkSession spark;
  private final TableFormat format;
  private final String location;
  private final Optional<Path> folder;
  private final String table;

  private TableOutput(
      SparkSession spark, TableFormat format, String location, Optional<Path> folder) {
    this.spark = spark;
    this.format = format;
    this.location = location;
    this.folder = folder;
    this.table = folder.map(path -> format.ofPath(spark, path)).orElse(location);
  }

  /**
   * Looks at a table; writes nothing.
   *
   * @param location its name, or its path
   * @throws FluxSparkException {@code INVALID_OPTION} when Spark lacks the connector, {@code
   *     INVALID_OUTPUT} when the table is there and not one of this program
   */
  static TableOutput open(SparkSession spark, TableFormat format, String location) {
    format.require(spark, "--output-format");
    requireSafeCommits(format, location);
    Optional<Path> folder =
        TableFormat.isPath(location) ? Optional.of(qualified(spark, location)) : Optional.empty();
    TableOutput output = new TableOutput(spark, format, location, folder);
    Optional<StructType> schema = output.schema();
    if (schema.isPresent()) {
      output.requireOurs(schema.get());
    } else {
      folder.ifPresent(output::requireEmpty);
    }
    return output;
  }

  /** Only a catalog lets Iceberg commit on S3 so that two commits do not lose one. */
  private static void requireSafeCommits(TableFormat format, String location) {
    if (format == TableFormat.ICEBERG && location.startsWith("s3a:")) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT,
          "--output "
              + location
              + ": Iceberg commits to a path by renaming, which is not safe on S3; give the name of"
              + " a table whose catalog is not one of folders");
    }
  }

  private static Path qualified(SparkSession spark, String location) {
    try {
      Path path = new Path(location);
      return path.getFileSystem(spark.sparkContext().hadoopConfiguration()).makeQualified(path);
    } catch (IOException | RuntimeException e) {
      throw StorageFailure.of(
          ErrorCode.INVALID_OUTPUT, "--output " + location, "cannot be looked at", e);
    }
  }

  /** The table's schema, where there is a table. */
  private Optional<StructType> schema() {
    try {
      return Optional.of(spark.table(table).schema());
    } catch (Exception e) {
      if (e instanceof AnalysisException analysis && isMissing(analysis)) {
        return Optional.empty();
      }
      throw failed("cannot be looked at", e);
    }
  }

  private void requireEmpty(Path path) {
    try {
      FileSystem files = path.getFileSystem(spark.sparkContext().hadoopConfiguration());
      if (!files.exists(path)) {
        return;
      }
      for (FileStatus file : files.listStatus(path)) {
        if (!file.getPath().getName().equals(FolderOutput.MARKER)) {
          throw invalid("is there, and no table of " + format.optionName() + "; give a new folder");
        }
      }
    } catch (IOException e) {
      throw failed("cannot be looked at", e);
    }
  }

  private static boolean isMissing(AnalysisException e) {
    String condition = String.valueOf(e.getCondition());
    return condition.endsWith("NOT_FOUND") || condition.startsWith("DELTA_MISSING");
  }

  private void requireOurs(StructType schema) {
    String provider =
        spark
            .sql("DESCRIBE TABLE EXTENDED " + table)
            .where(col("col_name").equalTo(PROVIDER))
            .collectAsList()
            .stream()
            .map(row -> row.getString(1))
            .reduce("", (column, property) -> property); // a column may have that name too
    if (!provider.equalsIgnoreCase(format.optionName())) {
      throw invalid("is a table of " + provider + ", not of " + format.optionName());
    }
    StructType first = new StructType();
    for (StructField field : Tables.images(new StructType()).fields()) {
      if (!Tables.ADDED_LATER.contains(field.name())) {
        first = first.add(field);
      }
    }
    requireColumns(schema, first, "is no table of this program: ");
  }

  private void requireColumns(StructType schema, StructType images, String problem) {
    for (StructField wanted : withError(images).fields()) {
      Optional<StructField> there = find(schema, wanted.name());
      if (there.isEmpty()) {
        throw invalid(problem + "it has no column " + wanted.name() + " of " + sql(wanted));
      }
      if (!Cast.canUpCast(wanted.dataType(), there.get().dataType())) {
        throw invalid(
            problem
                + "its column "
                + wanted.name()
                + " is of "
                + sql(there.get())
                + ", and not of "
                + sql(wanted));
      }
    }
  }

  private static String sql(StructField field) {
    return field.dataType().sql().toLowerCase(Locale.ROOT);
  }

  private static StructType withError(StructType images) {
    StructType all = images;
    for (StructField field : ERROR.fields()) {
      all = all.add(field);
    }
    return all;
  }

  private static Optional<StructField> find(StructType schema, String name) {
    return Arrays.stream(schema.fields())
        .filter(field -> field.name().equalsIgnoreCase(name))
        .findFirst();
  }

  /** The table as a person would name it. */
  String location() {
    return location;
  }

  TableFormat format() {
    return format;
  }

  @Override
  public Optional<String> ownFolder() {
    return folder.map(path -> leases(path).toString());
  }

  @Override
  public Finished finished() {
    if (schema().isEmpty()) {
      return new Finished(Optional.empty(), Optional.empty());
    }
    Dataset<Row> rows = spark.table(table);
    Dataset<Row> failed =
        rows.where(col(Tables.ERROR_CODE).isNotNull())
            .select(Tables.REQUEST_KEY, Tables.ERROR_CODE);
    return new Finished(
        Optional.of(rows.where(col(Tables.ERROR_CODE).isNull()).select(Tables.REQUEST_KEY)),
        failed.isEmpty() ? Optional.empty() : Optional.of(failed));
  }

  /** The pictures that a run has committed. */
  Dataset<Row> images(String runId) {
    return spark
        .table(table)
        .where(col(Tables.ERROR_CODE).isNull().and(col(Tables.RUN_ID).equalTo(runId)));
  }

  /** Creates the table where there is none. A path is also this run's alone from then on. */
  @Override
  public TableWriter begin(String runId, StructType images) {
    for (StructField field : ERROR.fields()) {
      if (find(images, field.name()).isPresent()) {
        throw new FluxSparkException(
            ErrorCode.INVALID_TABLE,
            "--prompts: column '" + field.name() + "': is a column of the output, rename it");
      }
    }
    StructType schema =
        schema()
            .map(there -> withAddedColumns(there, images))
            .orElseGet(() -> create(withError(images)));
    requireColumns(schema, images, "");
    return new TableWriter(
        this, runId, schema, folder.map(path -> Lease.acquire(files(path), leases(path), runId)));
  }

  /** A table that an earlier version has begun gets what it lacks; there it is null. */
  private StructType withAddedColumns(StructType there, StructType images) {
    List<String> missing =
        Arrays.stream(images.fields())
            .filter(field -> Tables.ADDED_LATER.contains(field.name()))
            .filter(field -> find(there, field.name()).isEmpty())
            .map(field -> field.name() + " " + field.dataType().sql())
            .toList();
    if (missing.isEmpty()) {
      return there;
    }
    try {
      spark.sql("ALTER TABLE " + table + " ADD COLUMNS (" + String.join(", ", missing) + ")");
      return spark.table(table).schema();
    } catch (Exception e) {
      throw failed("cannot be given the columns " + String.join(", ", missing), e);
    }
  }

  private static Path leases(Path path) {
    return new Path(path, FolderOutput.MARKER);
  }

  private FileSystem files(Path path) {
    try {
      FileSystem files =
          FileSystem.newInstance(path.toUri(), spark.sparkContext().hadoopConfiguration());
      files.setWriteChecksum(false);
      return files;
    } catch (IOException e) {
      throw failed("cannot be written", e);
    }
  }

  private StructType create(StructType schema) {
    try {
      spark.createDataFrame(List.of(), schema).writeTo(table).using(format.optionName()).create();
      return spark.table(table).schema();
    } catch (Exception e) {
      throw failed("cannot be created", e);
    }
  }

  /**
   * Writes rows, in one commit: those whose key is new, or was that of a failed request. Rows of
   * pictures that are there stay as they are.
   *
   * @param rows of {@link #columns}, no two of one key
   * @param view a name that no other has
   */
  void merge(Dataset<Row> rows, String view) {
    rows.createOrReplaceTempView(view);
    try {
      rows.sparkSession()
          .sql(
              "MERGE INTO "
                  + table
                  + " AS there USING "
                  + view
                  + " AS made ON there.request_key = made.request_key"
                  + " WHEN MATCHED AND there.error_code IS NOT NULL THEN UPDATE SET *"
                  + " WHEN NOT MATCHED THEN INSERT *");
    } finally {
      rows.sparkSession().catalog().dropTempView(view);
    }
  }

  /** A failure of the table; the user's as far as Spark says so. */
  RuntimeException failed(String problem, Exception e) {
    if (e instanceof FluxSparkException known) {
      return known;
    }
    if (e instanceof AnalysisException || e instanceof IllegalArgumentException) {
      String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      return new FluxSparkException(
          ErrorCode.INVALID_OUTPUT,
          "--output "
              + location
              + ": "
              + problem
              + ": "
              + first
              + "; conf/"
              + format.optionName()
              + ".conf has the settings",
          e);
    }
    return StorageFailure.of(ErrorCode.INPUT_OUTPUT, "--output " + location, problem, e);
  }

  private FluxSparkException invalid(String problem) {
    return new FluxSparkException(
        ErrorCode.INVALID_OUTPUT, "--output " + location + ": " + problem);
  }

  /**
   * Rows as the table has them. Columns that the rows do not have are null, and so are numbers of
   * failed requests that are none.
   */
  static Dataset<Row> columns(Dataset<Row> rows, StructType table) {
    List<Column> columns = new ArrayList<>();
    for (StructField field : table.fields()) {
      columns.add(column(rows.schema(), field).as(field.name()));
    }
    return rows.select(columns.toArray(Column[]::new));
  }

  private static Column column(StructType rows, StructField field) {
    Optional<StructField> given = find(rows, field.name());
    if (given.isPresent() && Cast.canUpCast(given.get().dataType(), field.dataType())) {
      return col(TableFormat.quoted(given.get().name())).cast(field.dataType());
    }
    boolean isText = given.isPresent() && given.get().dataType().equals(DataTypes.StringType);
    return isText && Cast.canTryCast(DataTypes.StringType, field.dataType())
        ? col(TableFormat.quoted(given.get().name())).try_cast(field.dataType())
        : lit(null).cast(field.dataType());
  }
}
