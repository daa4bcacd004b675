package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.fluxspark.pipeline.ModelCost;
import io.fluxspark.spark.ImageTasks;
import io.fluxspark.spark.Tables;
import io.fluxspark.spark.TaskLayout.BucketCount;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Seconds of devices and executors, summed over committed pictures, and what was computed.
 *
 * @param denoisingFlops multiplications and additions of the transformer
 * @param promptsCut pictures whose prompt was longer than {@code max_sequence_length}
 */
record StageTotals(
    double text,
    double denoising,
    double decoding,
    double encoding,
    double denoisingFlops,
    long promptsCut) {
  private static final StageTotals NONE = new StageTotals(0, 0, 0, 0, 0, 0);
  private static final double TERA = 1e12;

  /** Of committed portions. */
  static StageTotals of(SparkSession spark, List<Portion> portions, ModelCost cost) {
    if (portions.isEmpty()) {
      return NONE;
    }
    Dataset<Row> images = spark.read().parquet(Portion.data(portions));
    Row totals =
        images
            .agg(
                sum(col(Tables.SECONDS_TEXT)),
                sum(col(Tables.SECONDS_DENOISING)),
                sum(col(Tables.SECONDS_DECODING)),
                sum(col(Tables.SECONDS_ENCODING)),
                count(when(col(Tables.T5_TOKENS_CUT).gt(0), 1)))
            .head();
    double flops = 0;
    for (BucketCount bucket : ImageTasks.bucketsOfMade(images)) {
      flops += bucket.count() * cost.denoisingFlops(bucket.bucket());
    }
    return new StageTotals(
        totals.getDouble(0),
        totals.getDouble(1),
        totals.getDouble(2),
        totals.getDouble(3),
        flops,
        totals.getLong(4));
  }

  /** Of one device while it ran the transformer; 0 where it did not. */
  double denoisingTeraflops() {
    return denoising == 0 ? 0 : denoisingFlops / denoising / TERA;
  }
}
