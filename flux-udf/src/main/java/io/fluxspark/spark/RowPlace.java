package io.fluxspark.spark;

import io.fluxspark.request.RequestColumns;
import java.util.Objects;
import org.apache.spark.sql.Row;

/**
 * Says where a row stands: its number in its file, from 1 and without a csv's header, where that is
 * known; else its id. Only a task that reads a file from its start knows the numbers.
 */
final class RowPlace {
  private static final int SHOWN_CHARACTERS = 40;

  private final String table;
  private final TableColumns columns;
  private String file;
  private long number;

  RowPlace(String table, TableColumns columns) {
    this.table = table;
    this.columns = columns;
  }

  /** The place of the next row of a partition. */
  String next(Row row) {
    Integer filePosition = columns.sources().get(Tables.SOURCE_FILE);
    Integer startPosition = columns.sources().get(Tables.SOURCE_START);
    if (filePosition == null || startPosition == null) {
      return table + ": " + named(row);
    }
    String rowFile = row.getString(filePosition);
    number = Objects.equals(file, rowFile) ? number + 1 : 1;
    file = rowFile;
    return row.getLong(startPosition) == 0
        ? file + ": row " + number
        : file + ": row " + number + " after byte " + row.getLong(startPosition);
  }

  private String named(Row row) {
    for (String column : new String[] {RequestColumns.ID, RequestColumns.PROMPT}) {
      Integer position = columns.requests().get(column);
      if (position != null && !row.isNullAt(position) && !(row.get(position) instanceof byte[])) {
        String shown = ShownText.of(String.valueOf(row.get(position)), SHOWN_CHARACTERS);
        return "row with " + column + " '" + shown + "'";
      }
    }
    return "a row without id";
  }
}
