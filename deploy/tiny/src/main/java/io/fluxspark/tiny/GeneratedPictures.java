package io.fluxspark.tiny;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The pictures that {@code generate} wrote. */
final class GeneratedPictures {
  private GeneratedPictures() {}

  /**
   * Reads all rows of an output, in the order of their ids.
   *
   * @throws FluxSparkException {@code INVALID_OUTPUT} where there are none
   */
  static List<Row> read(Path output) throws IOException {
    Path data = output.resolve("data");
    if (!Files.isDirectory(data)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT,
          output + ": has no folder data; an output of generate is needed");
    }
    try (SparkSession spark =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate()) {
      List<Row> rows = spark.read().parquet(data.toString()).orderBy("id").collectAsList();
      if (rows.isEmpty()) {
        throw new FluxSparkException(ErrorCode.INVALID_OUTPUT, output + ": has no pictures");
      }
      return rows;
    }
  }

  static BufferedImage picture(Row row) {
    byte[] bytes = row.getStruct(row.fieldIndex("image")).getAs("bytes");
    return Pictures.decode(bytes, "the picture of " + text(row, "id"));
  }

  static String text(Row row, String column) {
    return row.getString(row.fieldIndex(column));
  }
}
