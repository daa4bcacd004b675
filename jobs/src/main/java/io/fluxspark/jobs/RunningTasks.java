package io.fluxspark.jobs;

import java.time.Duration;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Counts tasks: those that run, as a cancelled job is over before its tasks are, and failures. */
final class RunningTasks extends SparkListener {
  private static final long NANOS_A_MILLI = 1_000_000;

  private int running;
  private long failed;

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    running++;
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    running--;
    if (end.reason() instanceof TaskFailedReason && !end.taskInfo().killed()) {
      failed++;
    }
    notifyAll();
  }

  /** How many attempts have failed; those that were killed do not count. */
  synchronized long failed() {
    return failed;
  }

  /** Waits until no task runs, but not longer than this. */
  synchronized void awaitNone(Duration most) {
    long end = System.nanoTime() + most.toNanos();
    try {
      for (long left = most.toMillis(); running > 0 && left > 0; ) {
        wait(left);
        left = (end - System.nanoTime()) / NANOS_A_MILLI;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
