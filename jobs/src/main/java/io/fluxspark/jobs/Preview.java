package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;

import io.fluxspark.spark.Tables;
import java.util.Iterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The first pictures of a run as plain files, to be opened by whoever has no reader of Parquet. */
final class Preview {
  static final String FOLDER = "preview";
  static final int MOST = 24;

  private Preview() {}

  /**
   * Copies pictures out of committed rows, one at a time.
   *
   * @return how many there are
   */
  static int write(Dataset<Row> images, FolderOutput output) {
    Iterator<Row> pictures =
        images
            .select(col(Tables.IMAGE + "." + Tables.BYTES), col(Tables.IMAGE + "." + Tables.PATH))
            .limit(MOST)
            .toLocalIterator();
    int count = 0;
    while (pictures.hasNext()) {
      Row picture = pictures.next();
      output.write(FOLDER + "/" + picture.getString(1), picture.<byte[]>getAs(0));
      count++;
    }
    return count;
  }
}
