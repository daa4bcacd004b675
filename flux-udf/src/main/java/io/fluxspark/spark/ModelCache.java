package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.ImageGenerator;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * The loaded models of one process.
 *
 * <p>A model is loaded once, however many tasks ask for it at the same time, and stays loaded for
 * later tasks and jobs. Each device keeps one model: when another is needed there, those that no
 * task holds are closed first, so that the memory is free before the load. Models that tasks still
 * hold stay until they are given back. A failed load is not kept: those who waited for it get its
 * failure, the next to ask tries again.
 */
public final class ModelCache {
  private static final ModelCache SHARED = new ModelCache();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(SHARED::closeIdle, "close models"));
  }

  private final Map<ModelKey, Entry> entries = new LinkedHashMap<>();
  private long loads;

  ModelCache() {}

  /** The cache of this process; what no task holds is closed when the process ends. */
  public static ModelCache shared() {
    return SHARED;
  }

  /** How many loads were begun, failed ones too. */
  public synchronized long loads() {
    return loads;
  }

  /** How many models are loaded or being loaded. */
  public synchronized int size() {
    return entries.size();
  }

  /**
   * Takes a model, loading it where needed.
   *
   * @return to be closed when the model is no longer used
   * @throws FluxSparkException what the loader threw, or what an unneeded model threw when it was
   *     closed; {@code INTERRUPTED} when this thread was interrupted while another one loaded
   */
  public Lease lease(ModelKey key, ModelLoader loader) {
    Entry entry;
    boolean isFirst;
    List<Entry> unneeded = List.of();
    synchronized (this) {
      entry = entries.get(key);
      isFirst = entry == null;
      if (isFirst) {
        unneeded = removeIdle(key.device());
        entry = new Entry(key);
        entries.put(key, entry);
        loads++;
      }
      entry.holders++;
    }
    return isFirst ? load(entry, loader, unneeded) : await(entry);
  }

  /** Closes every model that no task holds. */
  public void closeIdle() {
    List<Entry> idle;
    synchronized (this) {
      idle = removeIdle(null);
    }
    closeAll(idle);
  }

  private Lease load(Entry entry, ModelLoader loader, List<Entry> unneeded) {
    try {
      closeAll(unneeded);
      entry.generator.complete(loader.load(entry.key));
      return new Lease(entry);
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        entries.remove(entry.key, entry);
      }
      entry.generator.completeExceptionally(e);
      throw e;
    }
  }

  /** Closes every one, also when one fails to; throws the first failure. */
  private static void closeAll(List<Entry> entries) {
    RuntimeException failure = null;
    for (Entry entry : entries) {
      try {
        entry.generator.join().close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private Lease await(Entry entry) {
    try {
      entry.generator.get();
      return new Lease(entry);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      giveBack(entry);
      throw new FluxSparkException(
          ErrorCode.INTERRUPTED, "interrupted while the model was being loaded", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof FluxSparkException failure) {
        throw new FluxSparkException(failure.code(), failure.getMessage(), failure);
      }
      throw new FluxSparkException(
          ErrorCode.INTERNAL, "the model could not be loaded: " + e.getCause(), e.getCause());
    }
  }

  private synchronized void giveBack(Entry entry) {
    entry.holders--;
  }

  /** Takes out what nobody holds, of one device or, for null, of all. */
  private List<Entry> removeIdle(String device) {
    List<Entry> idle = new ArrayList<>();
    for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
      Entry entry = all.next();
      if (entry.holders == 0 && (device == null || entry.key.device().equals(device))) {
        all.remove();
        idle.add(entry);
      }
    }
    return idle;
  }

  private static final class Entry {
    private final ModelKey key;
    private final CompletableFuture<ImageGenerator> generator = new CompletableFuture<>();
    private final BatchSizes batchSizes = new BatchSizes();
    private int holders;

    private Entry(ModelKey key) {
      this.key = key;
    }
  }

  /** The right to use a model, until closed. */
  public final class Lease implements AutoCloseable {
    private final Entry entry;
    private boolean isClosed;

    private Lease(Entry entry) {
      this.entry = entry;
    }

    /** The loaded model; the cache closes it. */
    public ImageGenerator generator() {
      return entry.generator.join();
    }

    /** What is known of the model's memory; as old as the model. */
    BatchSizes batchSizes() {
      return entry.batchSizes;
    }

    /** Gives the model back; a second call does nothing. */
    @Override
    public void close() {
      synchronized (ModelCache.this) {
        if (!isClosed) {
          isClosed = true;
          giveBack(entry);
        }
      }
    }
  }
}
