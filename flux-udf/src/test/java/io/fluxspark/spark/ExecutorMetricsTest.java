package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.StageSeconds;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

class ExecutorMetricsTest {
  @Test
  void isRegisteredOnceHoweverManyAsk() {
    TestSpark.session();
    ExecutorMetrics metrics = ExecutorMetrics.shared();
    assertThat(ExecutorMetrics.shared()).isSameAs(metrics);
    assertThat(
            CollectionConverters.asJava(
                SparkEnv.get().metricsSystem().getSourcesByName("fluxspark")))
        .hasSize(1)
        .first()
        .isSameAs(metrics);
  }

  @Test
  void countsAndSumsWhatItIsTold() {
    ExecutorMetrics metrics = new ExecutorMetrics();
    metrics.batch(new GeneratedBatch(List.of(), new StageSeconds(1, 2, 4), 3));
    metrics.batch(new GeneratedBatch(List.of(), new StageSeconds(1, 2, 4), 0));
    metrics.made(
        new ImageOutcome.Made(
            null, null, null, null, new StageSeconds(0, 0, 0), 0.5, null, null, null));
    metrics.failed();
    metrics.outOfMemoryRetry();

    var registry = metrics.metricRegistry();
    assertThat(registry.counter("batches").getCount()).isEqualTo(2);
    assertThat(registry.counter("texts.encoded").getCount()).isEqualTo(3);
    assertThat(registry.counter("images.made").getCount()).isEqualTo(1);
    assertThat(registry.counter("images.failed").getCount()).isEqualTo(1);
    assertThat(registry.counter("outOfMemoryRetries").getCount()).isEqualTo(1);
    assertThat(registry.getGauges().get("seconds.text").getValue()).isEqualTo(2.0);
    assertThat(registry.getGauges().get("seconds.denoising").getValue()).isEqualTo(4.0);
    assertThat(registry.getGauges().get("seconds.decoding").getValue()).isEqualTo(8.0);
    assertThat(registry.getGauges().get("seconds.encoding").getValue()).isEqualTo(0.5);
    assertThat(registry.getGauges().get("modelLoads").getValue())
        .isEqualTo(ModelCache.shared().loads());
  }
}
