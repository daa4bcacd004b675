package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;

import io.fluxspark.spark.Tables;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The first pictures of a run as plain files, to be opened by whoever has no reader of Parquet. */
final class Preview {
  static final String FOLDER = "preview";
  static final int MOST = 24;

  private Preview() {}

  /**
   * Copies pictures out of committed portions, one at a time.
   *
   * @return how many there are
   */
  static int write(SparkSession spark, List<Portion> portions, Output output) {
    if (portions.isEmpty()) {
      return 0;
    }
    Iterator<Row> pictures =
        spark
            .read()
            .parquet(Portion.data(portions))
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
