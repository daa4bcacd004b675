package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.sum;

import io.fluxspark.spark.Tables;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Seconds summed over pictures. */
record StageTotals(double text, double denoising, double decoding, double encoding) {
  static final StageTotals NONE = new StageTotals(0, 0, 0, 0);

  /** Of a committed portion. */
  static StageTotals of(SparkSession spark, Portion portion) {
    Row totals =
        spark
            .read()
            .parquet(portion.data())
            .agg(
                sum(col(Tables.SECONDS_TEXT)),
                sum(col(Tables.SECONDS_DENOISING)),
                sum(col(Tables.SECONDS_DECODING)),
                sum(col(Tables.SECONDS_ENCODING)))
            .head();
    return totals.isNullAt(0)
        ? NONE
        : new StageTotals(
            totals.getDouble(0), totals.getDouble(1), totals.getDouble(2), totals.getDouble(3));
  }
}
