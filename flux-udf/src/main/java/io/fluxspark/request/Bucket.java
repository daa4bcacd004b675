package io.fluxspark.request;

import java.util.Comparator;

/**
 * What all pictures of one batch share: the shapes of their tensors and the number of calls of the
 * transformer.
 */
public record Bucket(
    int height, int width, int numInferenceSteps, int maxSequenceLength, boolean trueCfg)
    implements Comparable<Bucket> {
  private static final Comparator<Bucket> ORDER =
      Comparator.comparingInt(Bucket::height)
          .thenComparingInt(Bucket::width)
          .thenComparingInt(Bucket::numInferenceSteps)
          .thenComparingInt(Bucket::maxSequenceLength)
          .thenComparing(Bucket::trueCfg);

  @Override
  public int compareTo(Bucket other) {
    return ORDER.compare(this, other);
  }
}
