package io.fluxspark.benchmarks;

import java.util.EnumMap;
import java.util.Map;

/**
 * What a simulated run took.
 *
 * @param seconds from the start of the run to its end
 * @param gpuSeconds by what GPUs did; together {@code gpus * seconds}
 * @param rows that were committed
 * @param rowsRepeated made, but lost with an executor or the driver; of a task that was lost, the
 *     part that was made
 * @param executorsLost without those that ended with the driver
 * @param mostLosses so often the task was lost that was lost most often
 */
record RunOutcome(
    int gpus,
    double seconds,
    Map<Use, Double> gpuSeconds,
    long rows,
    double rowsRepeated,
    int executorsLost,
    int runsLost,
    int mostLosses) {

  /** What a GPU does. */
  enum Use {
    /** Texts, steps and decoding of pictures that were committed. */
    PICTURES,
    /** Else in tasks that ended well: start, files, commit, waiting for the driver. */
    TASKS,
    LOADING,
    /** Tasks whose pictures were made again, or somewhere else as well. */
    REPEATED,
    /** No task is left to be started: the end of a portion or of the run. */
    TAIL,
    /** Before the first portion, also after a restart. */
    STARTING,
    /** Lost, until there is another executor. */
    AWAY
  }

  RunOutcome {
    gpuSeconds = new EnumMap<>(gpuSeconds);
  }

  /** Of all GPU time. */
  double share(Use use) {
    return gpuSeconds.get(use) / (gpus * seconds);
  }

  /** The share of GPU time that made pictures which were committed. */
  double utilisation() {
    return share(Use.PICTURES);
  }

  double hours() {
    return seconds / 3600;
  }
}
