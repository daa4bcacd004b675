package io.fluxspark.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.fluxspark.request.Bucket;
import io.fluxspark.request.RequestColumns;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/**
 * Spreads planned pictures over tasks.
 *
 * <p>Pictures are sorted by bucket and key and cut into batches from the start of each bucket; each
 * task gets a contiguous run of whole batches of about the same cost (pixels times steps). So which
 * pictures share a batch depends on the pictures and the batch size alone, not on how the table was
 * partitioned or how many tasks there are.
 *
 * <p>There are {@value #TASKS_A_SLOT} tasks a slot, so that slow ones even out, and more when a
 * task would get more than {@value #MOST_IMAGES_A_TASK} pictures, since a task that fails makes its
 * pictures anew.
 */
public final class ImageTasks {
  static final int TASKS_A_SLOT = 4;
  static final int MOST_IMAGES_A_TASK = 256;

  private static final String TRUE_CFG =
      RequestColumns.TRUE_CFG_SCALE + " > 1 AND " + RequestColumns.NEGATIVE_PROMPT + " IS NOT NULL";
  private static final Column[] BUCKET = {
    col(RequestColumns.HEIGHT),
    col(RequestColumns.WIDTH),
    col(RequestColumns.NUM_INFERENCE_STEPS),
    col(RequestColumns.MAX_SEQUENCE_LENGTH),
    expr(TRUE_CFG).as("true_cfg")
  };

  private ImageTasks() {}

  /**
   * The same rows, one partition a task, in order.
   *
   * @param images as {@link RequestTable#images}
   * @param batchSize the most pictures of one batch
   * @param slots tasks that the cluster runs at a time
   */
  public static Dataset<Row> spread(Dataset<Row> images, int batchSize, int slots) {
    List<BucketCount> buckets = new ArrayList<>();
    for (Row row : images.groupBy(BUCKET).count().collectAsList()) {
      buckets.add(
          new BucketCount(
              new Bucket(
                  row.getInt(0), row.getInt(1), row.getInt(2), row.getInt(3), row.getBoolean(4)),
              row.getLong(5)));
    }
    TaskLayout layout = TaskLayout.of(buckets, batchSize, slots);
    Column[] order = new Column[BUCKET.length + 1];
    System.arraycopy(BUCKET, 0, order, 0, BUCKET.length - 1);
    order[BUCKET.length - 1] = expr(TRUE_CFG);
    order[BUCKET.length] = col(Tables.REQUEST_KEY);
    JavaRDD<Row> tasks =
        images
            .orderBy(order)
            .toJavaRDD()
            .zipWithIndex()
            .mapToPair(Tuple2::swap)
            .repartitionAndSortWithinPartitions(new ByLayout(layout))
            .values();
    return images.sparkSession().createDataFrame(tasks, images.schema());
  }

  /** How many pictures a bucket has. */
  record BucketCount(Bucket bucket, long count) {}

  private static final class ByLayout extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final TaskLayout layout;

    private ByLayout(TaskLayout layout) {
      this.layout = layout;
    }

    @Override
    public int numPartitions() {
      return layout.tasks();
    }

    @Override
    public int getPartition(Object position) {
      return layout.taskOf((Long) position);
    }
  }
}
