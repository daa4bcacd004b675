package io.fluxspark.jobs;

import io.fluxspark.spark.ModelCache;

/** What a query asks an executor with Spark's {@code reflect}. */
public final class ExecutorLoads {
  private ExecutorLoads() {}

  /** How many models the process has begun to load. */
  public static String loads() {
    return Long.toString(ModelCache.shared().loads());
  }
}
