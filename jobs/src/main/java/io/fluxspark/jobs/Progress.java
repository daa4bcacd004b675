package io.fluxspark.jobs;

import io.fluxspark.spark.FailedImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Counts a portion's pictures while they are made: executors tell what their running tasks have
 * done with every heartbeat, and Spark once more when a task ends.
 */
final class Progress extends SparkListener {
  private final long madeId;
  private final long failedId;
  private final BiConsumer<Progress, Counts> watcher;
  private final Map<Long, Counts> running = new HashMap<>();
  private final Set<Long> ended = new HashSet<>();
  private Counts done = Counts.NONE;

  /**
   * What was tried so far.
   *
   * @param failures requests that cannot be met
   */
  record Counts(long made, List<FailedImage> failures) {
    private static final Counts NONE = new Counts(0, List.of());

    long tried() {
      return made + failures.size();
    }

    private Counts plus(Counts other) {
      List<FailedImage> both = new ArrayList<>(failures);
      both.addAll(other.failures);
      return new Counts(made + other.made, both);
    }
  }

  /**
   * @param madeId of the accumulator that counts pictures
   * @param failedId of the accumulator that gathers {@link FailedImage}
   * @param watcher is told when the counts have changed
   */
  Progress(long madeId, long failedId, BiConsumer<Progress, Counts> watcher) {
    this.madeId = madeId;
    this.failedId = failedId;
    this.watcher = watcher;
  }

  @Override
  public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    boolean isOurs = false;
    for (var task : CollectionConverters.asJava(update.accumUpdates())) {
      long id = (Long) task._1();
      Counts counts = counts(CollectionConverters.asJava(task._4()));
      if (!ended.contains(id) && counts.tried() > 0) {
        running.put(id, counts);
        isOurs = true;
      }
    }
    if (isOurs) {
      watcher.accept(this, counts());
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    long id = end.taskInfo().taskId();
    boolean wasOurs = running.remove(id) != null;
    Counts counts = counts(CollectionConverters.asJava(end.taskInfo().accumulables()));
    boolean isOurs = end.taskInfo().successful() && counts.tried() > 0;
    if (isOurs) {
      done = done.plus(counts);
    }
    if (isOurs || wasOurs) {
      ended.add(id);
      watcher.accept(this, counts());
    }
  }

  synchronized Counts counts() {
    Counts all = done;
    for (Counts task : running.values()) {
      all = all.plus(task);
    }
    return all;
  }

  private Counts counts(Iterable<AccumulableInfo> updates) {
    long made = 0;
    List<FailedImage> failures = new ArrayList<>();
    for (AccumulableInfo info : updates) {
      if (info.update().isEmpty()) {
        continue;
      }
      if (info.id() == madeId) {
        made = (Long) info.update().get();
      } else if (info.id() == failedId) {
        for (Object failure : (List<?>) info.update().get()) {
          failures.add((FailedImage) failure);
        }
      }
    }
    return new Counts(made, failures);
  }
}
