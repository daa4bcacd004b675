package io.fluxspark.request;

import java.io.Serializable;

/**
 * How much one row may ask for.
 *
 * @param maxSize the most pixels a side of a picture may have, at least {@value #SIZE_MULTIPLE}
 */
public record RequestLimits(int maxSize) implements Serializable {
  /** Pixels a side of a picture are a multiple of this: 8 of the VAE times 2 of packing. */
  public static final int SIZE_MULTIPLE = 16;

  /** The most steps of the sampler, the number of timesteps that FLUX.1 was trained with. */
  public static final int MAX_STEPS = 1000;

  /** The most pictures of one row. */
  public static final int MAX_IMAGES_PER_PROMPT = 1000;

  /** The most T5 tokens; diffusers' own limit. */
  public static final int MAX_SEQUENCE_LENGTH = 512;

  public RequestLimits {
    if (maxSize < SIZE_MULTIPLE) {
      throw new IllegalArgumentException(
          "a limit of "
              + maxSize
              + " pixels allows no picture; "
              + SIZE_MULTIPLE
              + " is the least");
    }
  }
}
