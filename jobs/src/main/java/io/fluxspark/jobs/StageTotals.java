package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.fluxspark.pipeline.ModelCost;
import io.fluxspark.spark.ImageTasks;
import io.fluxspark.spark.Tables;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

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
  /** Where no picture was made. */
  static final StageTotals NONE = new StageTotals(0, 0, 0, 0, 0, 0);

  private static final double TERA = 1e12;

  /** Of committed pictures. */
  static StageTotals of(Dataset<Row> images, ModelCost cost) {
    Row totals =
        images
            .agg(
                total(Tables.SECONDS_TEXT),
                total(Tables.SECONDS_DENOISING),
                total(Tables.SECONDS_DECODING),
                total(Tables.SECONDS_ENCODING),
                count(when(col(Tables.T5_TOKENS_CUT).gt(0), 1)))
            .head();
    double flops = 0;
    for (ImageTasks.Made made : ImageTasks.bucketsOfMade(images)) {
      flops += made.count() * cost.denoisingFlops(made.bucket());
      flops -= made.callsReused() * cost.reusedFlops(made.bucket());
    }
    return new StageTotals(
        totals.getDouble(0),
        totals.getDouble(1),
        totals.getDouble(2),
        totals.getDouble(3),
        flops,
        totals.getLong(4));
  }

  /** Also of no rows: another run may have been faster with all of them. */
  private static Column total(String column) {
    return coalesce(sum(col(column)), lit(0.0));
  }

  /** Of one device while it ran the transformer; 0 where it did not. */
  double denoisingTeraflops() {
    return denoising == 0 ? 0 : denoisingFlops / denoising / TERA;
  }
}
