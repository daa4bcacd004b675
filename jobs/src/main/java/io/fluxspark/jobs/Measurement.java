package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.octet_length;
import static org.apache.spark.sql.functions.sum;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.spark.FailedImage;
import io.fluxspark.spark.GenerateImages;
import io.fluxspark.spark.ImageTasks;
import io.fluxspark.spark.Slots;
import io.fluxspark.spark.Tables;
import io.fluxspark.spark.TaskLayout;
import io.fluxspark.spark.TaskLayout.BucketCount;
import io.fluxspark.spark.TaskSizes;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.util.CollectionAccumulator;

/**
 * What a few pictures took that were made and dropped.
 *
 * @param images how many were made
 * @param deviceSeconds of one slot, all stages together
 * @param flops multiplications and additions of the transformer
 * @param pixels of all pictures
 * @param bytes of all picture files
 */
record Measurement(long images, double deviceSeconds, double flops, double pixels, double bytes) {
  /**
   * Makes some of a plan's pictures.
   *
   * @throws FluxSparkException what the first of them failed with, where all did
   */
  static Measurement of(Planning plan, int most) {
    Dataset<Row> few = plan.missing().orderBy(Tables.REQUEST_KEY).limit(most);
    List<BucketCount> buckets = ImageTasks.buckets(few);
    if (buckets.isEmpty()) {
      return new Measurement(0, 0, 0, 0, 0);
    }
    int slots = Slots.of(plan.spark());
    TaskLayout layout =
        TaskLayout.of(
            buckets,
            plan.job().batchSize(),
            slots,
            TaskSizes.ofCluster(slots).withImagesAPortion(most));
    CollectionAccumulator<FailedImage> failed =
        plan.spark().sparkContext().collectionAccumulator("images failed");
    Row totals =
        ImageTasks.of(few, layout)
            .portion(0)
            .mapPartitions(
                new GenerateImages(
                    plan.job(),
                    plan.spark().sparkContext().longAccumulator("images made"),
                    failed,
                    plan.spark().sparkContext().longAccumulator("texts encoded")),
                Encoders.row(Tables.imagesOf(few.schema())))
            .agg(
                count(lit(1)),
                sum(
                    col(Tables.SECONDS_TEXT)
                        .plus(col(Tables.SECONDS_DENOISING))
                        .plus(col(Tables.SECONDS_DECODING))),
                sum(col("height").cast("double").multiply(col("width"))),
                sum(octet_length(col(Tables.IMAGE + "." + Tables.BYTES))))
            .head();
    if (totals.getLong(0) == 0) {
      throw new FluxSparkException(
          ErrorCode.INVALID_ROW,
          "--measure: none of the pictures could be made; the first: "
              + failed.value().get(0).message());
    }
    double flops = 0;
    for (BucketCount bucket : buckets) {
      flops += bucket.count() * plan.model().cost().denoisingFlops(bucket.bucket());
    }
    return new Measurement(
        totals.getLong(0), totals.getDouble(1), flops, totals.getDouble(2), totals.getLong(3));
  }
}
