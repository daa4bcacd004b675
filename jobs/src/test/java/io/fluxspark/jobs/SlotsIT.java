package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.spark.Slots;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class SlotsIT {
  @Test
  void aTaskThatTakesAllCoresOfItsExecutorIsOneSlot() throws Exception {
    try (SparkSession spark =
        SparkSession.builder()
            .master("local-cluster[2,3,1024]")
            .config("spark.task.cpus", "3")
            // Known beforehand, so that Spark can wait for all of them.
            .config("spark.cores.max", "6")
            .config("spark.scheduler.minRegisteredResourcesRatio", "1")
            .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "300s")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "localhost")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()) {
      assertThat(spark.range(0, 10, 1, 10).count())
          .as("when all executors are there")
          .isEqualTo(10);
      assertThat(spark.sparkContext().defaultParallelism()).as("cores").isEqualTo(6);
      assertThat(Slots.of(spark)).isEqualTo(2);
    }
  }
}
