package io.fluxspark.spark;

import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

/** How many tasks run at a time. */
public final class Slots {
  private Slots() {}

  /**
   * Of all executors that are there, by the cores and GPUs that they have and a task takes; at
   * least 1. (Spark's default parallelism counts cores, of which a task on a GPU takes all.)
   */
  public static int of(SparkSession spark) {
    SparkContext context = spark.sparkContext();
    return Math.max(
        1,
        context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile()));
  }
}
