package io.fluxspark.pipeline;

import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import java.nio.LongBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Encoded texts in the host's memory. Those that were used last stay, as many as the bound allows;
 * those that are in use stay in any case. A text is encoded once, however many threads ask for it
 * at the same time. Several threads may use it at once.
 */
final class TextCache implements AutoCloseable {
  private final long mostBytes;
  private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /**
   * @param mostBytes that texts take which nobody uses at the moment
   */
  TextCache(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /**
   * A text as the encoders are given it, padding included: other lengths are other texts.
   *
   * @param clip ids, (77)
   * @param t5 ids, (L)
   */
  record Key(LongBuffer clip, LongBuffer t5) {
    static Key of(long[] clip, long[] t5) {
      return new Key(LongBuffer.wrap(clip), LongBuffer.wrap(t5));
    }
  }

  /**
   * What the encoders made of one text.
   *
   * @param pooled CLIP's, (1, Dclip)
   * @param hidden T5's, (1, L, Dt5)
   * @param bytes of both
   */
  record Text(NativeTensor pooled, NativeTensor hidden, long bytes) {}

  private static final class Entry {
    private final TensorScope scope = new TensorScope(Device.cpu());
    private Text text;
    private int holders;

    /** Whether it had to be encoded. */
    private synchronized boolean encode(Function<TensorScope, Text> encoder) {
      if (text != null) {
        return false;
      }
      try {
        text = encoder.apply(scope);
        return true;
      } finally {
        if (text == null) {
          scope.close();
        }
      }
    }
  }

  /** The right to read a text, until closed. */
  final class Lease implements AutoCloseable {
    private final Key key;
    private final Entry entry;
    private final boolean isNew;

    private Lease(Key key, Entry entry, boolean isNew) {
      this.key = key;
      this.entry = entry;
      this.isNew = isNew;
    }

    Text text() {
      return entry.text;
    }

    /** Whether it was encoded for this lease. */
    boolean isNew() {
      return isNew;
    }

    @Override
    public void close() {
      giveBack(key, entry);
    }
  }

  /**
   * Takes a text, encoding it where needed.
   *
   * @param encoder makes the text in the scope that it is given; what it throws is thrown here, and
   *     the next to ask tries again
   */
  Lease lease(Key key, Function<TensorScope, Text> encoder) {
    Entry entry = hold(key);
    boolean isHeld = false;
    try {
      // Under the entry's own lock: others get their texts in the meantime.
      boolean isNew = entry.encode(encoder);
      if (isNew) {
        add(entry);
      }
      isHeld = true;
      return new Lease(key, entry, isNew);
    } finally {
      if (!isHeld) {
        giveBack(key, entry);
      }
    }
  }

  private synchronized Entry hold(Key key) {
    Entry entry = entries.computeIfAbsent(key, missing -> new Entry());
    entry.holders++;
    return entry;
  }

  private synchronized void add(Entry entry) {
    bytes += entry.text.bytes();
    removeIdle();
  }

  private synchronized void giveBack(Key key, Entry entry) {
    entry.holders--;
    if (entry.holders == 0 && entry.text == null) {
      entries.remove(key);
    }
    removeIdle();
  }

  private void removeIdle() {
    Iterator<Entry> leastRecent = entries.values().iterator();
    while (bytes > mostBytes && leastRecent.hasNext()) {
      Entry entry = leastRecent.next();
      if (entry.holders == 0) {
        leastRecent.remove();
        bytes -= entry.text.bytes();
        entry.scope.close();
      }
    }
  }

  /** Closes all texts, of which none may be in use. */
  @Override
  public synchronized void close() {
    entries.values().forEach(entry -> entry.scope.close());
    entries.clear();
    bytes = 0;
  }
}
