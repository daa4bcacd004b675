package io.fluxspark.spark;

import io.fluxspark.clip.ClipFolder;
import io.fluxspark.clip.ClipScorer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The loaded CLIP models of one process: each is loaded once a device and stays for later tasks.
 * When a device needs another one, those there that no task holds are closed first. As a load takes
 * seconds, unlike that of a model in {@link ModelCache}, who else asks meanwhile waits for it.
 */
final class ClipScorers {
  private static final ClipScorers SHARED = new ClipScorers();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(SHARED::closeIdle, "close CLIP models"));
  }

  private final Map<ModelKey, Entry> entries = new HashMap<>();

  ClipScorers() {}

  /** Those of this process; what no task holds is closed when the process ends. */
  static ClipScorers shared() {
    return SHARED;
  }

  /**
   * Takes a model, loading it where needed.
   *
   * @return to be closed when the model is no longer used
   * @throws io.fluxspark.error.FluxSparkException what {@link ClipScorer#load} throws
   */
  synchronized Lease lease(ModelKey key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      closeIdle(key.device());
      entry =
          new Entry(
              ClipScorer.load(
                  ClipFolder.open(Path.of(key.location())), FluxModelLoader.device(key.device())));
      entries.put(key, entry);
    }
    entry.holders++;
    return new Lease(entry);
  }

  /** How many models are loaded. */
  synchronized int size() {
    return entries.size();
  }

  private synchronized void closeIdle(String device) {
    entries
        .entrySet()
        .removeIf(
            loaded -> loaded.getKey().device().equals(device) && loaded.getValue().isClosed());
  }

  /** Closes every model that no task holds. */
  synchronized void closeIdle() {
    entries.values().removeIf(Entry::isClosed);
  }

  private static final class Entry {
    private final ClipScorer scorer;
    private int holders;

    private Entry(ClipScorer scorer) {
      this.scorer = scorer;
    }

    /** Closes the model where nobody holds it. */
    private boolean isClosed() {
      if (holders == 0) {
        scorer.close();
      }
      return holders == 0;
    }
  }

  /** The right to use a model, until closed. */
  final class Lease implements AutoCloseable {
    private final Entry entry;
    private boolean isClosed;

    private Lease(Entry entry) {
      this.entry = entry;
    }

    /** The loaded model; it is closed with the others. */
    ClipScorer scorer() {
      return entry.scorer;
    }

    /** Gives the model back; a second call does nothing. */
    @Override
    public void close() {
      synchronized (ClipScorers.this) {
        if (!isClosed) {
          isClosed = true;
          entry.holders--;
        }
      }
    }
  }
}
