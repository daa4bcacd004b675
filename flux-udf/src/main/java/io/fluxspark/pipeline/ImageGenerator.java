package io.fluxspark.pipeline;

import java.util.List;
import java.util.function.BooleanSupplier;

/** A loaded model that turns batches of requests into pictures. Safe for use by several threads. */
public interface ImageGenerator extends AutoCloseable {
  /**
   * Makes one picture a request.
   *
   * @param batch requests of one {@link io.fluxspark.request.Bucket} whose pictures as input are of
   *     one shape, at least one
   * @param cancelled asked between steps; once true the call ends with {@code
   *     ErrorCode.INTERRUPTED}
   * @return outcomes in the order of the batch; a picture that cannot be made is a failed outcome,
   *     not an exception
   * @throws io.fluxspark.error.FluxSparkException when the batch as a whole failed
   */
  GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier cancelled);

  /** Frees the model's native memory; a batch in progress ends first. */
  @Override
  void close();
}
