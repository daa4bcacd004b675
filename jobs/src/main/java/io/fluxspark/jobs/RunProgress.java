package io.fluxspark.jobs;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** What all portions of a run have done so far. */
final class RunProgress {
  private final Consumer<Counts> watcher;
  private final Map<Progress, Counts> inFlight = new HashMap<>();
  private Counts done = Counts.NONE;

  /** What was tried so far. */
  record Counts(long made, long failed) {
    static final Counts NONE = new Counts(0, 0);

    long tried() {
      return made + failed;
    }

    private Counts plus(Counts other) {
      return new Counts(made + other.made, failed + other.failed);
    }
  }

  /**
   * @param watcher is told when the counts have changed, by one thread at a time
   */
  RunProgress(Consumer<Counts> watcher) {
    this.watcher = watcher;
  }

  /**
   * Begins a portion.
   *
   * @param madeId of the accumulator that counts its pictures
   * @param failedId of the accumulator that gathers its failed requests
   */
  Progress begin(long madeId, long failedId) {
    return new Progress(madeId, failedId, this::changed);
  }

  private synchronized void changed(Progress portion, Progress.Counts counts) {
    inFlight.put(portion, new Counts(counts.made(), counts.failures().size()));
    watcher.accept(counts());
  }

  /** Ends a portion with what it really made. */
  synchronized void end(Progress portion, Counts counts) {
    inFlight.remove(portion);
    done = done.plus(counts);
    watcher.accept(counts());
  }

  synchronized Counts counts() {
    return inFlight.values().stream().reduce(done, Counts::plus);
  }
}
