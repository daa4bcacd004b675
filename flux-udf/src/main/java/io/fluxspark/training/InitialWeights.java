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
 */
final class InitialWeights {
  private static final double CLIP_EMBEDDING_STD = 0.02;

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
    } else if (name.contains("embedding")
        || name.equals("shared.weight")
        || name.endsWith("relative_attention_bias.weight")) {
      double std = part.equals("text_encoder") ? CLIP_EMBEDDING_STD : 1;
      fillNormal(numbers, random, std);
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

  /** Norms have one axis of numbers; the transformer's modulations are linear layers. */
  private static boolean isNorm(String name) {
    return name.contains("norm") && !name.contains("linear");
  }

  private static boolean startsWithZeros(String name) {
    return name.contains("norm") || name.startsWith("proj_out.");
  }
}
