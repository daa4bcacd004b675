package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.RequestColumns;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What a prompt table's columns mean.
 *
 * @param requests positions by the request's column name
 * @param sources positions by the names of {@link Tables} that say where a row came from
 * @param carried positions of the other columns
 * @param carriedSchema names and types of the other columns
 */
record TableColumns(
    Map<String, Integer> requests,
    Map<String, Integer> sources,
    List<Integer> carried,
    StructType carriedSchema)
    implements Serializable {

  /**
   * Checks a table's schema. Names of the request's columns match in any case.
   *
   * @param table the table's name in messages
   * @throws FluxSparkException {@code INVALID_TABLE}, naming the column that does not fit
   */
  static TableColumns of(StructType schema, String table) {
    Map<String, Integer> requests = new LinkedHashMap<>();
    Map<String, Integer> sources = new LinkedHashMap<>();
    List<Integer> carried = new ArrayList<>();
    StructType carriedSchema = new StructType();
    Set<String> seen = new TreeSet<>();
    StructField[] fields = schema.fields();
    for (int i = 0; i < fields.length; i++) {
      String name = fields[i].name().toLowerCase(Locale.ROOT);
      if (!seen.add(name)) {
        throw invalid(table, fields[i], "is there twice; names that differ in case are one name");
      }
      Optional<String> problem = EmbedColumns.problem(name, fields[i].dataType());
      if (problem.isPresent()) {
        throw invalid(table, fields[i], problem.get());
      }
      if (name.startsWith(Tables.RESERVED_PREFIX)) {
        sources.put(name, i);
      } else if (RequestColumns.ALL.contains(name)) {
        requests.put(name, i);
      } else {
        requireCarriable(table, fields[i], name);
        carried.add(i);
        carriedSchema =
            carriedSchema.add(fields[i].name(), fields[i].dataType(), true, fields[i].metadata());
      }
    }
    requirePrompts(table, fields, requests.keySet());
    return new TableColumns(requests, sources, carried, carriedSchema);
  }

  private static void requirePrompts(String table, StructField[] fields, Set<String> requests) {
    Set<String> embeds = EmbedColumns.TYPES.keySet();
    if (requests.contains(RequestColumns.PROMPT) || requests.containsAll(embeds)) {
      return;
    }
    List<String> names = new ArrayList<>();
    for (StructField field : fields) {
      if (!field.name().startsWith(Tables.RESERVED_PREFIX)) {
        names.add(field.name());
      }
    }
    throw new FluxSparkException(
        ErrorCode.INVALID_TABLE,
        table
            + ": has no column 'prompt'"
            + (Collections.disjoint(requests, embeds)
                ? ""
                : ", and not both of prompt_embeds and pooled_prompt_embeds")
            + "; its columns are "
            + String.join(", ", names));
  }

  private static void requireCarriable(String table, StructField field, String name) {
    if (Tables.reserved().contains(name)) {
      throw invalid(table, field, "is a name of an output column; rename it");
    }
    if (field.dataType() instanceof NullType
        || !new ParquetFileFormat().supportDataType(field.dataType())) {
      throw invalid(
          table,
          field,
          "has type " + field.dataType().sql() + ", which Parquet cannot hold; cast or remove it");
    }
  }

  private static FluxSparkException invalid(String table, StructField field, String problem) {
    return new FluxSparkException(
        ErrorCode.INVALID_TABLE, table + ": column '" + field.name() + "': " + problem);
  }
}
