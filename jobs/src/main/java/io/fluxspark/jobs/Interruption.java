package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkContext;
import org.jline.utils.Signals;

/**
 * Ctrl-C, or a {@code kill}, ends the run's Spark jobs, so that tasks end between two steps and
 * nothing half done is committed; a second one ends the process.
 */
final class Interruption implements AutoCloseable {
  /** Ctrl-C, and what {@code kill} and cluster managers send. */
  static final List<String> SIGNALS = List.of("INT", "TERM");

  /** Tasks end between two steps of the sampler, or of a picture's decoding. */
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  private final SparkContext spark;
  private final String jobGroup;
  private final AtomicBoolean happened = new AtomicBoolean();
  private final RunningTasks tasks = new RunningTasks();
  private final Map<String, Object> before = new HashMap<>();

  Interruption(SparkContext spark, String jobGroup) {
    this.spark = spark;
    this.jobGroup = jobGroup;
    spark.addSparkListener(tasks);
    SIGNALS.forEach(signal -> before.put(signal, Signals.register(signal, this::interrupt)));
  }

  /** What a signal does. */
  void interrupt() {
    if (happened.getAndSet(true)) {
      Runtime.getRuntime().halt(Errors.INTERRUPTED);
    }
    spark.cancelJobGroupAndFutureJobs(jobGroup);
  }

  /**
   * What a failure of the run's jobs means: the end that was asked for, once its tasks have ended
   * too, or itself.
   */
  RuntimeException explain(Exception e) {
    if (happened.get()) {
      tasks.awaitNone(LONGEST_WAIT);
      return new FluxSparkException(
          ErrorCode.INTERRUPTED,
          "interrupted; what is committed stays, the same command makes the rest",
          e);
    }
    return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
  }

  long failedTasks() {
    return tasks.failed();
  }

  @Override
  public void close() {
    before.forEach(Signals::unregister);
    spark.removeSparkListener(tasks);
  }
}
