package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.count_if;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.udf;

import io.fluxspark.spark.Tables;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;

/**
 * A contact sheet of an output: one HTML file, which needs nothing else and runs no script.
 *
 * <p>It shows all pictures, or of more than {@value #MOST} the first ones by {@code request_key}.
 * That is a hash, so they are a fair sample of the whole output, and the same output gives the same
 * sheet.
 */
final class Gallery {
  static final String FILE = "gallery.html";
  static final int MOST = 200;

  private static final UserDefinedFunction SHRUNK =
      udf((UDF1<byte[], String>) Gallery::shrunk, DataTypes.StringType);

  private Gallery() {}

  /**
   * Writes the sheet of all that is committed, replacing an older one; of an output without
   * pictures, none. Executors decode and shrink the pictures, so that no whole one comes here.
   *
   * @param runId the run that the sheet names as the last one
   */
  static void write(FolderOutput output, String runId) {
    Dataset<Row> images = output.images(GalleryPicture.COLUMNS);
    List<String> keys =
        images
            .select(Tables.REQUEST_KEY)
            .orderBy(Tables.REQUEST_KEY)
            .limit(MOST)
            .as(Encoders.STRING())
            .collectAsList();
    if (keys.isEmpty()) {
      return;
    }
    // A range, not a list of keys: Parquet leaves out every row group whose smallest key is beyond.
    List<GalleryPicture> pictures =
        images
            .where(col(Tables.REQUEST_KEY).leq(keys.get(keys.size() - 1)))
            .withColumn(GalleryPicture.SOURCE, SHRUNK.apply(col(Tables.IMAGE + "." + Tables.BYTES)))
            .withColumn(Tables.PATH, col(Tables.IMAGE + "." + Tables.PATH))
            .drop(Tables.IMAGE)
            .collectAsList()
            .stream()
            .map(GalleryPicture::of)
            .sorted(GalleryPicture.ORDER)
            .toList();
    output.write(FILE, new GalleryPage(head(images, runId), pictures).html());
  }

  private static GalleryPage.Head head(Dataset<Row> images, String runId) {
    List<Row> models =
        images
            .groupBy(GalleryPicture.MODEL, GalleryPicture.LICENSE)
            .agg(count(lit(1)), count_if(col(Tables.RUN_ID).equalTo(runId)))
            .orderBy(GalleryPicture.MODEL, GalleryPicture.LICENSE)
            .collectAsList();
    return new GalleryPage.Head(
        distinct(models, 0),
        distinct(models, 1),
        models.stream().mapToLong(row -> row.getLong(2)).sum(),
        runId,
        models.stream().mapToLong(row -> row.getLong(3)).sum());
  }

  private static String distinct(List<Row> rows, int column) {
    return rows.stream()
        .map(row -> row.getString(column))
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /** A file that cannot be read leaves its place empty: it is no reason to show none. */
  private static String shrunk(byte[] file) {
    try {
      return Thumbnail.dataUri(file);
    } catch (IOException | RuntimeException e) {
      return "";
    }
  }
}
