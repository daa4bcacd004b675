package io.fluxspark.training;

import io.fluxspark.program.WeightSpec;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The weights that a new model starts with. A seed and a weight's name decide its numbers.
 *
 * <p>Layers start as PyTorch's do, uniform within 1 / sqrt(inputs); norms as the identity. The
 * transformer's modulation and its last layer start with zeros, so that each block is the identity
 * at first (Peebles and Xie 2023, "Scalable Diffusion Models with Transformers", adaLN-Zero).
 * Embeddings of text encoders are normal numbers.
 *
 * <p>T5 starts as transformers' does, with one difference. Its only sense of order is the bias by
 * distance, which from random numbers was hardly learnt in thousands of steps: "a red circle left
 * of a blue square" and "a blue square left of a red circle" gave the same picture. So one head
 * starts with the token before, one with the token after, one with all before and one with all
 * after.
 */
final class InitialWeights {
  private static final double CLIP_EMBEDDING_STD = 0.02;
  private static final double ORDER_BIAS = 5;

  private InitialWeights() {}

  /**
   * A weight's first numbers, in the order of its last axis.
   *
   * @param part the sub folder of the model
   */
  static float[] of(String part, WeightSpec spec, long seed) {
    float[] numbers = new float[Math.toIntExact(spec.elements())];
    String name = spec.name();
    SplittableRandom random = new SplittableRandom(seed * 31 + (part + "/" + name).hashCode());
    if (isNorm(name)) {
      Arrays.fill(numbers, name.endsWith(".bias") ? 0 : 1);
    } else if (name.contains("embedding") || name.equals("shared.weight")) {
      double std = part.equals("text_encoder") ? CLIP_EMBEDDING_STD : 1;
      fillNormal(numbers, random, std);
    } else if (name.endsWith("relative_attention_bias.weight")) {
      fillOrder(numbers, (int) (long) spec.shape().get(0), (int) (long) spec.shape().get(1));
    } else if (part.equals("text_encoder_2")) {
      double std = 1 / Math.sqrt((double) spec.shape().get(1));
      // Attention without a scale: small queries, so that places count at first.
      double factor = name.endsWith(".q.weight") ? 1 / Math.sqrt((double) spec.shape().get(0)) : 1;
      fillNormal(numbers, random, std * factor);
    } else if (part.equals("transformer") && startsWithZeros(name)) {
      Arrays.fill(numbers, 0);
    } else if (name.endsWith(".bias")) {
      Arrays.fill(numbers, 0);
    } else {
      long inputs = spec.shape().stream().skip(1).reduce(1L, Math::multiplyExact);
      double bound = 1 / Math.sqrt((double) inputs);
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (float) (bound * (2 * random.nextDouble() - 1));
      }
    }
    return numbers;
  }

  private static void fillNormal(float[] numbers, SplittableRandom random, double std) {
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) (std * random.nextGaussian());
    }
  }

  /**
   * The bias of T5's first layer, (buckets, heads). The first half of the buckets is for tokens
   * before, from the token itself on, the second half for those after.
   */
  private static void fillOrder(float[] numbers, int buckets, int heads) {
    int half = buckets / 2;
    for (int head = 0; head < heads; head++) {
      int side = head % 2 * half;
      boolean isNext = head % 4 < 2;
      for (int distance = 1; distance < (isNext ? 2 : half); distance++) {
        numbers[(side + distance) * heads + head] = (float) ORDER_BIAS;
      }
    }
  }

  /** Norms have one axis of numbers; the transformer's modulations are linear layers. */
  private static boolean isNorm(String name) {
    return name.contains("norm") && !name.contains("linear");
  }

  private static boolean startsWithZeros(String name) {
    return name.contains("norm") || name.startsWith("proj_out.");
  }
}
