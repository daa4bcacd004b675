package io.fluxspark.request;

import java.util.Comparator;

/**
 * What all pictures of one batch share: the shapes of their tensors and the number of calls of the
 * transformer, and its weights.
 *
 * @param guided the steps that call it twice, counted from {@code firstStep}
 * @param firstStep the step that is made first, from 0
 * @param lora what tells the LoRAs from others'; empty for none
 * @param givenEmbeds whether rows give embeddings, and no text is encoded for them
 * @param firstBlockCache whether blocks of the transformer may be left out
 */
public record Bucket(
    int height,
    int width,
    int numInferenceSteps,
    int maxSequenceLength,
    StepRange guided,
    Task task,
    int firstStep,
    String lora,
    boolean givenEmbeds,
    boolean firstBlockCache)
    implements Comparable<Bucket> {
  private static final Comparator<Bucket> ORDER =
      Comparator.comparing(Bucket::lora)
          .thenComparing(bucket -> bucket.task().taskName())
          .thenComparingInt(Bucket::height)
          .thenComparingInt(Bucket::width)
          .thenComparingInt(Bucket::numInferenceSteps)
          .thenComparingInt(Bucket::maxSequenceLength)
          .thenComparingInt(bucket -> bucket.guided().from())
          .thenComparingInt(bucket -> bucket.guided().to())
          .thenComparingInt(Bucket::firstStep)
          .thenComparing(Bucket::givenEmbeds)
          .thenComparing(Bucket::firstBlockCache);

  @Override
  public int compareTo(Bucket other) {
    return ORDER.compare(this, other);
  }

  /** Whether there are negative prompts that count. */
  public boolean trueCfg() {
    return guided.count() > 0;
  }

  /** How often the transformer is called for a picture, calls that leave out blocks among them. */
  public int transformerCalls() {
    return numInferenceSteps - firstStep + guided.count();
  }
}
