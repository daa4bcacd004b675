package io.fluxspark.request;

import java.util.Comparator;

/**
 * What all pictures of one batch share: the shapes of their tensors and the number of calls of the
 * transformer, and its weights.
 *
 * @param trueCfg whether each step calls it twice
 * @param firstStep the step that is made first, from 0
 * @param lora what tells the LoRAs from others'; empty for none
 * @param givenEmbeds whether rows give embeddings, and no text is encoded for them
 */
public record Bucket(
    int height,
    int width,
    int numInferenceSteps,
    int maxSequenceLength,
    boolean trueCfg,
    Task task,
    int firstStep,
    String lora,
    boolean givenEmbeds)
    implements Comparable<Bucket> {
  private static final Comparator<Bucket> ORDER =
      Comparator.comparing(Bucket::lora)
          .thenComparing(bucket -> bucket.task().taskName())
          .thenComparingInt(Bucket::height)
          .thenComparingInt(Bucket::width)
          .thenComparingInt(Bucket::numInferenceSteps)
          .thenComparingInt(Bucket::maxSequenceLength)
          .thenComparing(Bucket::trueCfg)
          .thenComparingInt(Bucket::firstStep)
          .thenComparing(Bucket::givenEmbeds);

  @Override
  public int compareTo(Bucket other) {
    return ORDER.compare(this, other);
  }

  /** How often the transformer is called for a picture. */
  public int transformerCalls() {
    return (numInferenceSteps - firstStep) * (trueCfg ? 2 : 1);
  }
}
