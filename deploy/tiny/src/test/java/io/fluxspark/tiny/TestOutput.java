package io.fluxspark.tiny;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Writes outputs as {@code generate} does, of pictures that are given. */
final class TestOutput {
  private TestOutput() {}

  /** What {@code generate} has in the column {@code image}. */
  static Row image(BufferedImage picture) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(picture, "png", bytes);
    return RowFactory.create(bytes.toByteArray(), "picture.png");
  }

  /**
   * @param columns all of them but {@code image}, as DDL; in a row, {@code image} comes last
   */
  static void write(Path output, String columns, List<Row> rows) throws IOException {
    try (SparkSession spark =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate()) {
      spark
          .createDataFrame(
              rows, StructType.fromDDL(columns + ", image struct<bytes: binary, path: string>"))
          .write()
          .parquet(output.resolve("data/portion=0").toString());
    }
  }
}
