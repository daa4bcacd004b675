package io.fluxspark.spark;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.StageSeconds;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.DoubleAdder;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.MetricsSystem;
import org.apache.spark.metrics.source.Source;

/**
 * What this process has done since it started, retried and discarded work too, for every sink of
 * Spark's metrics system.
 */
final class ExecutorMetrics implements Source {
  private static final ExecutorMetrics SHARED = new ExecutorMetrics();
  private static WeakReference<MetricsSystem> registered = new WeakReference<>(null);

  private final MetricRegistry registry = new MetricRegistry();
  private final Counter made = registry.counter("images.made");
  private final Counter failed = registry.counter("images.failed");
  private final Counter batches = registry.counter("batches");
  private final Counter textsEncoded = registry.counter("texts.encoded");
  private final Counter outOfMemoryRetries = registry.counter("outOfMemoryRetries");
  private final DoubleAdder text = seconds("text");
  private final DoubleAdder denoising = seconds("denoising");
  private final DoubleAdder decoding = seconds("decoding");
  private final DoubleAdder encoding = seconds("encoding");

  ExecutorMetrics() {
    registry.register("modelLoads", (Gauge<Long>) () -> ModelCache.shared().loads());
  }

  /**
   * Those of this process, known to its Spark: registered once, however many tasks and jobs ask,
   * and anew where the process has started another Spark since.
   */
  static synchronized ExecutorMetrics shared() {
    MetricsSystem system = SparkEnv.get().metricsSystem();
    if (registered.get() != system) {
      system.registerSource(SHARED);
      registered = new WeakReference<>(system);
    }
    return SHARED;
  }

  private DoubleAdder seconds(String stage) {
    DoubleAdder sum = new DoubleAdder();
    registry.register("seconds." + stage, (Gauge<Double>) sum::sum);
    return sum;
  }

  /** A picture file was made. */
  void made(ImageOutcome.Made image) {
    made.inc();
    encoding.add(image.encodingSeconds());
  }

  /** A request could not be met. */
  void failed() {
    failed.inc();
  }

  /** The model has made a batch. */
  void batch(GeneratedBatch batch) {
    batches.inc();
    textsEncoded.inc(batch.textsEncoded());
    StageSeconds seconds = batch.seconds();
    text.add(seconds.text());
    denoising.add(seconds.denoising());
    decoding.add(seconds.decoding());
  }

  /** A batch is made again in smaller ones. */
  void outOfMemoryRetry() {
    outOfMemoryRetries.inc();
  }

  @Override
  public String sourceName() {
    return "fluxspark";
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }
}
