package io.fluxspark.request;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;

/**
 * Groups neighbours of one bucket into batches. Reads only as far as the batch that is asked for
 * needs: at most one element of the next bucket.
 */
public final class Batches<T> implements Iterator<List<T>> {
  private final Iterator<? extends T> elements;
  private final Function<? super T, Bucket> bucketOf;
  private final int size;
  private T pending;

  /**
   * @param size the most elements of a batch, at least 1
   */
  public Batches(Iterator<? extends T> elements, Function<? super T, Bucket> bucketOf, int size) {
    if (size < 1) {
      throw new IllegalArgumentException("a batch of " + size + "; at least 1 is needed");
    }
    this.elements = elements;
    this.bucketOf = bucketOf;
    this.size = size;
  }

  @Override
  public boolean hasNext() {
    return pending != null || elements.hasNext();
  }

  @Override
  public List<T> next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    List<T> batch = new ArrayList<>(size);
    batch.add(pending == null ? elements.next() : pending);
    pending = null;
    Bucket bucket = bucketOf.apply(batch.get(0));
    while (batch.size() < size && elements.hasNext()) {
      T element = elements.next();
      if (!bucketOf.apply(element).equals(bucket)) {
        pending = element;
        break;
      }
      batch.add(element);
    }
    return batch;
  }
}
