package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.package$;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;

/** Pictures of the prompts in a table, as a table. */
public final class Flux {
  private static final String TABLE = "the table";

  private Flux() {}

  /**
   * One picture for each row of a prompt table. Nothing is made before the result is used, and then
   * once each time that it is used: write it, or cache it.
   *
   * <p>The pictures are made in the partitions of the table, a task each, in the order of the rows;
   * rows of one shape near each other are made in batches of {@code batch_size}. Each executor and
   * device loads the model once. What the caller leaves out again is not made: rows by a filter on
   * the table's own columns, or all pictures by a {@code count}.
   *
   * @param requests a table with a column {@code prompt}, or with {@code prompt_embeds} and {@code
   *     pooled_prompt_embeds}; its columns of a request ({@code height}, {@code seed}, ...) count
   *     for their row where they are not null; the others are carried through
   * @param options the request's columns for rows that do not bring them, and of the call: {@code
   *     model}, {@code variant}, {@code dtype}, {@code batch_size}, {@code image_format}, {@code
   *     image_quality}, {@code auto_resize}, {@code max_size}, {@code model_cache}, {@code
   *     model_cache_size}; what is not here is taken from {@code spark.fluxspark.NAME}
   * @return the table's other columns, then the fields of what {@code flux_image} gives: the
   *     request as used, {@code image struct<bytes, path>}, {@code sha256}, {@code model}, {@code
   *     model_digest}, {@code request_key} and others, {@code error_code} and {@code
   *     error_message}. A row that is wrong, or whose picture cannot be made, has an error and no
   *     image.
   * @throws FluxSparkException {@code INVALID_TABLE} for columns that do not fit, {@code
   *     INVALID_OPTION} for an option, {@code INVALID_MODEL} for the model
   */
  public static Dataset<Row> generate(Dataset<Row> requests, Map<String, String> options) {
    FluxSparkExtensions.requireSpark(package$.MODULE$.SPARK_VERSION());
    if (!(requests instanceof org.apache.spark.sql.classic.Dataset<Row> table)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_TABLE,
          "Flux.generate: is for tables of this process; over Spark Connect select"
              + " flux_image(prompt, options)");
    }
    TableColumns columns = TableColumns.of(table.schema(), TABLE);
    Map<String, Object> constants = new LinkedHashMap<>();
    options.forEach((name, value) -> constants.put(CallOptions.known(name), value));
    LogicalPlan rows = table.queryExecution().analyzed();
    List<Attribute> attributes = Scala.list(rows.output());
    List<Expression> inputs = new ArrayList<>();
    columns.requests().values().forEach(position -> inputs.add(attributes.get(position)));
    ImageCall call =
        CallOptions.of(table.sparkSession(), constants)
            .call(List.copyOf(columns.requests().keySet()));
    FluxSparkPlanning.install(table.sparkSession());
    FluxImages images = FluxImages.of(inputs, call, rows);
    Dataset<Row> made =
        org.apache.spark.sql.classic.Dataset$.MODULE$.ofRows(table.sparkSession(), images);
    // By number: a table may have a column of any name.
    String[] names = new String[attributes.size() + 1];
    for (int i = 0; i < names.length; i++) {
      names[i] = Tables.RESERVED_PREFIX + i;
    }
    return made.toDF(names).select(columns(columns, names));
  }

  private static Column[] columns(TableColumns columns, String[] names) {
    Stream<Column> carried =
        columns.carried().stream()
            .map(
                position ->
                    functions
                        .col(names[position])
                        .as(
                            columns
                                .carriedSchema()
                                .apply(columns.carried().indexOf(position))
                                .name()));
    Column image = functions.col(names[names.length - 1]);
    Stream<Column> made =
        Stream.of(ImageResult.SCHEMA.fields())
            .map(StructField::name)
            .map(field -> image.getField(field).as(field));
    return Stream.concat(carried, made).toArray(Column[]::new);
  }
}
