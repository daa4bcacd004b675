package io.fluxspark.spark;

import io.fluxspark.request.Bucket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How many pictures of a bucket one loaded model can make at once on its device, as far as is known
 * by what it could not: the memory that a batch needs depends on the model, the device and the
 * bucket's shapes, so it is tried once and remembered. Several tasks may share it.
 */
final class BatchSizes {
  private final Map<Bucket, Integer> most = new ConcurrentHashMap<>();
  private volatile boolean hasMade;

  /** The largest batch that is worth a try. */
  int most(Bucket bucket) {
    return most.getOrDefault(bucket, Integer.MAX_VALUE);
  }

  /** So many were too many; from now on half of them are the most. */
  void tooMany(Bucket bucket, int size) {
    most.merge(bucket, Math.max(1, size / 2), Math::min);
  }

  /** The model has made a picture, of whatever bucket. */
  void made() {
    hasMade = true;
  }

  /** Whether the model has ever made a picture here, which shows that its device works. */
  boolean hasMade() {
    return hasMade;
  }
}
