package io.fluxspark.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.count_distinct;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.when;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestRules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * A prompt table as planned pictures and as rows that are wrong. The table is read once; what was
 * planned is kept in memory and on disk, with embeddings on disk alone, until {@link #close}.
 */
public final class RequestTable implements AutoCloseable {
  private static final String ROW_NUMBER = Tables.RESERVED_PREFIX + "row_number";

  private final Dataset<Row> planned;
  private final StructType carried;
  private final StorageLevel storage;

  private RequestTable(Dataset<Row> planned, StructType carried, StorageLevel storage) {
    this.planned = planned.persist(storage);
    this.carried = carried;
    this.storage = storage;
  }

  /**
   * Checks the schema; reads nothing yet.
   *
   * @param rows any table with a column {@code prompt}, or with {@code prompt_embeds} and {@code
   *     pooled_prompt_embeds}; columns {@link Tables#SOURCE_FILE}, {@link Tables#SOURCE_START} and
   *     {@link Tables#SOURCE_MALFORMED} say where a row stands
   * @param name the table's name in messages
   * @throws FluxSparkException {@code INVALID_TABLE} when a column is missing, has the name of an
   *     output column, or is not supported
   */
  public static RequestTable of(
      Dataset<Row> rows, String name, RequestRules rules, PictureSettings settings) {
    TableColumns columns = TableColumns.of(rows.schema(), name);
    Dataset<Row> planned =
        rows.mapPartitions(
            new PlanRows(columns, name, rules, settings),
            Encoders.row(PlanRows.schema(columns.carriedSchema())));
    return new RequestTable(planned, columns.carriedSchema(), storage(columns));
  }

  /** Some hundred rows with embeddings, kept in the heap, leave no room to read the next ones. */
  private static StorageLevel storage(TableColumns columns) {
    return Collections.disjoint(columns.requests().keySet(), EmbedColumns.TYPES.keySet())
        ? StorageLevel.MEMORY_AND_DISK()
        : StorageLevel.DISK_ONLY();
  }

  /** Where rows of this table are to be kept that are needed more than once. */
  public StorageLevel storage() {
    return storage;
  }

  /** The prompt table's columns that are no request's; they go into the output as they are. */
  public StructType carried() {
    return carried;
  }

  /**
   * The pictures to make, one row each, in no order: the request's columns, number and key of the
   * picture, and what is carried. Rows of one key are one picture; of those that carry different
   * values the same one is taken in every run.
   */
  public Dataset<Row> images() {
    Column[] columns =
        Stream.concat(Stream.of(Tables.PLANNED.fieldNames()), Stream.of(carried.fieldNames()))
            .map(RequestTable::named)
            .toArray(Column[]::new);
    return planned
        .where(col(PlanRows.ERROR).isNull())
        .withColumn(
            ROW_NUMBER,
            row_number().over(Window.partitionBy(Tables.REQUEST_KEY).orderBy(col(PlanRows.TIE))))
        .where(col(ROW_NUMBER).equalTo(1))
        .select(columns);
  }

  /** The rows that are wrong, as {@link Tables#errors} without the run. */
  public Dataset<Row> invalidRows() {
    List<Column> columns = new ArrayList<>();
    for (String column : RequestColumns.ALL) {
      columns.add(col(PlanRows.GIVEN).getItem(column).as(column));
    }
    columns.add(lit(null).cast(DataTypes.IntegerType).as(Tables.IMAGE_INDEX));
    columns.add(col(Tables.REQUEST_KEY));
    columns.add(lit(ErrorCode.INVALID_ROW.name()).as(Tables.ERROR_CODE));
    columns.add(col(PlanRows.ERROR).as(Tables.ERROR_MESSAGE));
    return planned.where(col(PlanRows.ERROR).isNotNull()).select(columns.toArray(Column[]::new));
  }

  /**
   * How much there is.
   *
   * @param requested pictures that valid rows ask for, those of one key as often as asked for
   * @param images pictures that differ
   * @param invalidRows rows that are wrong
   */
  public record Counts(long requested, long images, long invalidRows) {}

  /** Counts what {@link #images} and {@link #invalidRows} have. */
  public Counts counts() {
    Column isValid = col(PlanRows.ERROR).isNull();
    Row counts =
        planned
            .agg(
                count(when(isValid, 1)),
                count_distinct(when(isValid, col(Tables.REQUEST_KEY))),
                count(when(isValid, null).otherwise(1)))
            .head();
    return new Counts(counts.getLong(0), counts.getLong(1), counts.getLong(2));
  }

  /** What is wrong with the first invalid rows. */
  public List<String> firstProblems(int count) {
    return invalidRows()
        .select(Tables.ERROR_MESSAGE)
        .limit(count)
        .as(Encoders.STRING())
        .collectAsList();
  }

  /** Gives up what was kept. */
  @Override
  public void close() {
    planned.unpersist();
  }

  /** A column by its exact name, which may have dots in it. */
  static Column named(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }

  /** A schema's columns by their exact names. */
  static Column[] columns(StructType schema) {
    return Stream.of(schema.fields())
        .map(StructField::name)
        .map(RequestTable::named)
        .toArray(Column[]::new);
  }
}
