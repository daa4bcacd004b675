package io.fluxspark.request;

import java.io.Serializable;

/**
 * What makes a picture faster and another one than without; off unless asked for.
 *
 * @param trueCfgStart the fraction of the steps before which true classifier-free guidance is not
 *     computed, 0 to {@code trueCfgStop}
 * @param trueCfgStop the fraction of the steps from which on it is not computed any more, up to 1
 * @param firstBlockCacheThreshold how much, relative to it, what the transformer's first block adds
 *     may change until the others are computed again; 0, where they always are, to 1
 */
public record Approximations(
    double trueCfgStart, double trueCfgStop, double firstBlockCacheThreshold)
    implements Serializable {
  /** Nothing is approximated. */
  public static final Approximations NONE = new Approximations(0, 1, 0);

  /** What true guidance in some of the steps alone is called. */
  public static final String TRUE_CFG_RANGE = "true_cfg_range";

  /** What leaving out blocks of the transformer is called. */
  public static final String FIRST_BLOCK_CACHE = "first_block_cache";

  /** What multiplying in int8 is called, which is a job's {@code dtype} and holds for all rows. */
  public static final String INT8 = "int8";

  /** What multiplying in float8 is called, a job's {@code dtype} as well. */
  public static final String FLOAT8 = "float8_e4m3fn";

  public Approximations {
    if (!(0 <= trueCfgStart && trueCfgStart <= trueCfgStop && trueCfgStop <= 1)) {
      throw new IllegalArgumentException(
          "true guidance from " + trueCfgStart + " to " + trueCfgStop + " of the steps");
    }
    if (!(0 <= firstBlockCacheThreshold && firstBlockCacheThreshold <= 1)) {
      throw new IllegalArgumentException(
          "a first-block cache with a threshold of " + firstBlockCacheThreshold);
    }
  }

  /** Whether blocks of the transformer may be left out. */
  public boolean hasFirstBlockCache() {
    return firstBlockCacheThreshold > 0;
  }
}
