package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DeviceCache;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Bucket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Decodes a picture as a whole, and in strips where the device has too little memory for that; the
 * bucket's later pictures are decoded in strips at once. Several threads may use it.
 *
 * @param whole fast
 * @param inStrips with little memory, to the same picture
 */
record PictureDecoder(Way whole, Way inStrips, Set<Bucket> tooLarge) {
  /** A way to decode. */
  @FunctionalInterface
  interface Way {
    /**
     * Decodes one picture.
     *
     * @param latent (1, C, 2 h, 2 w)
     * @return (1, 3, H, W)
     */
    NativeTensor decode(TensorScope owner, NativeTensor latent);
  }

  PictureDecoder(Way whole, Way inStrips) {
    this(whole, inStrips, ConcurrentHashMap.newKeySet());
  }

  /**
   * See {@link Way#decode}.
   *
   * @throws FluxSparkException {@code OUT_OF_MEMORY} where strips do not fit either
   */
  NativeTensor decode(TensorScope owner, NativeTensor latent, Bucket bucket) {
    if (!tooLarge.contains(bucket)) {
      try {
        return whole.decode(owner, latent);
      } catch (FluxSparkException e) {
        if (e.code() != ErrorCode.OUT_OF_MEMORY) {
          throw e;
        }
        tooLarge.add(bucket);
        DeviceCache.empty(owner.device());
      }
    }
    return inStrips.decode(owner, latent);
  }
}
