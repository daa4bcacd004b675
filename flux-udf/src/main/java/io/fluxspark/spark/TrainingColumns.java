package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.types.StructType;

/**
 * Where a training table has what.
 *
 * @param image position of the pictures
 * @param condImage position of the pictures that are edited; -1 for a table without
 * @param caption position of the captions; -1 where none are needed
 * @param weight position of how often rows are drawn; -1 for a table without
 * @param id position of the rows' ids; -1 for a table without
 */
record TrainingColumns(int image, int condImage, int caption, int weight, int id)
    implements Serializable {
  static final String IMAGE = "image";
  static final String COND_IMAGE = "cond_image";
  static final String PROMPT = "prompt";
  static final String WEIGHT = "weight";
  static final String ID = "id";

  /**
   * Finds the columns; their names match in any case.
   *
   * @param table the table's name in messages
   * @throws FluxSparkException {@code INVALID_TABLE} where a column that is needed is missing
   */
  static TrainingColumns of(StructType schema, String table, boolean needsCaptions) {
    return new TrainingColumns(
        required(schema, table, IMAGE),
        position(schema, COND_IMAGE).orElse(-1),
        needsCaptions ? required(schema, table, PROMPT) : -1,
        position(schema, WEIGHT).orElse(-1),
        position(schema, ID).orElse(-1));
  }

  private static int required(StructType schema, String table, String name) {
    return position(schema, name)
        .orElseThrow(
            () ->
                new FluxSparkException(
                    ErrorCode.INVALID_TABLE,
                    table
                        + ": has no column '"
                        + name
                        + "'; its columns are "
                        + Arrays.stream(schema.fieldNames())
                            .filter(column -> !column.startsWith(Tables.RESERVED_PREFIX))
                            .collect(Collectors.joining(", "))));
  }

  private static OptionalInt position(StructType schema, String name) {
    return IntStream.range(0, schema.size())
        .filter(i -> schema.fieldNames()[i].toLowerCase(Locale.ROOT).equals(name))
        .findFirst();
  }
}
