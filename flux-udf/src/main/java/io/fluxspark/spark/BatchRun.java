package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.ErrorType;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.pipeline.StageSeconds;
import io.fluxspark.request.Bucket;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * Runs batches so that a request that cannot be met takes none of its neighbours with it.
 *
 * <p>A batch that runs out of memory, the device's or the Java heap's, is made again in halves,
 * down to one request at a time; what {@link BatchSizes} learns of it, later batches start with. A
 * batch that fails otherwise is made again one request at a time.
 *
 * <p>When every request of a batch fails and the machine is to blame, the failure is thrown, so
 * that Spark tries the task again, elsewhere if it can. That one picture alone does not fit is the
 * request's own failure, where the device has shown that it can make others. One that has made none
 * yet may be full of something else: it would fail all requests, faster than a good one makes them.
 * There the task fails, until its last attempt, in which the requests fail.
 *
 * @param sizes what is known of the generator's memory
 * @param textsEncoded told of each batch how many texts were encoded for it
 * @param isLastAttempt whether Spark gives the job up when this attempt of the task fails
 */
record BatchRun(
    ImageGenerator generator,
    BatchSizes sizes,
    ExecutorMetrics metrics,
    LongConsumer textsEncoded,
    BooleanSupplier cancelled,
    boolean isLastAttempt) {

  /**
   * The outcome of one request.
   *
   * @param seconds this picture's share
   */
  record Result(GeneratedImage image, StageSeconds seconds) {}

  /**
   * Makes a batch.
   *
   * @return in the order of the batch
   * @throws FluxSparkException {@code INTERRUPTED} when cancelled; {@code DEVICE_LOST}; a failure
   *     of the machine that struck every request
   */
  List<Result> run(List<PreparedImage> batch) {
    Bucket bucket = batch.get(0).request().bucket();
    List<Result> results = new ArrayList<>(batch.size());
    while (results.size() < batch.size()) {
      int left = batch.size() - results.size();
      int size = Math.min(left, sizes.most(bucket));
      List<PreparedImage> part = batch.subList(results.size(), results.size() + size);
      try {
        results.addAll(attempt(part));
      } catch (RuntimeException | OutOfMemoryError e) {
        FluxSparkException failure = ofTheRequests(e);
        if (size == 1) {
          results.add(failed(failure));
        } else if (failure.code() == ErrorCode.OUT_OF_MEMORY) {
          sizes.tooMany(bucket, size);
          metrics.outOfMemoryRetry();
        } else {
          results.addAll(oneByOne(part));
        }
      }
    }
    throwIfTheMachineFailed(results);
    return results;
  }

  private List<Result> oneByOne(List<PreparedImage> batch) {
    List<Result> results = new ArrayList<>(batch.size());
    for (PreparedImage image : batch) {
      try {
        results.addAll(attempt(List.of(image)));
      } catch (RuntimeException | OutOfMemoryError e) {
        results.add(failed(ofTheRequests(e)));
      }
    }
    return results;
  }

  private List<Result> attempt(List<PreparedImage> batch) {
    if (cancelled.getAsBoolean()) {
      throw new FluxSparkException(ErrorCode.INTERRUPTED, "the task was cancelled");
    }
    GeneratedBatch made = generator.generate(batch, cancelled);
    if (made.images().size() != batch.size()) {
      throw new FluxSparkException(
          ErrorCode.INTERNAL,
          "the model made " + made.images().size() + " pictures of " + batch.size() + " requests");
    }
    metrics.batch(made);
    textsEncoded.accept(made.textsEncoded());
    if (made.images().stream().anyMatch(GeneratedImage.Made.class::isInstance)) {
      sizes.made();
    }
    StageSeconds all = made.seconds();
    int count = batch.size();
    StageSeconds share =
        new StageSeconds(all.text() / count, all.denoising() / count, all.decoding() / count);
    return made.images().stream().map(image -> new Result(image, share)).toList();
  }

  /** A failure of an attempt with its code; one that concerns the whole task is thrown. */
  private FluxSparkException ofTheRequests(Throwable e) {
    if (cancelled.getAsBoolean()) {
      throw new FluxSparkException(ErrorCode.INTERRUPTED, "the task was cancelled", e);
    }
    if (e instanceof OutOfMemoryError) {
      return new FluxSparkException(
          ErrorCode.OUT_OF_MEMORY, "the executor's Java heap is too small: " + e.getMessage(), e);
    }
    FluxSparkException failure =
        e instanceof FluxSparkException typed
            ? typed
            : new FluxSparkException(ErrorCode.INTERNAL, e.toString(), e);
    if (failure.code() == ErrorCode.INTERRUPTED || failure.code() == ErrorCode.DEVICE_LOST) {
      throw failure;
    }
    return failure;
  }

  private static Result failed(FluxSparkException failure) {
    return new Result(new GeneratedImage.Failed(failure), new StageSeconds(0, 0, 0));
  }

  private void throwIfTheMachineFailed(List<Result> results) {
    for (Result result : results) {
      if (!(result.image() instanceof GeneratedImage.Failed failed)
          || !isTheMachines(failed.failure())) {
        return;
      }
    }
    throw ((GeneratedImage.Failed) results.get(0).image()).failure();
  }

  private boolean isTheMachines(FluxSparkException failure) {
    return failure.code() == ErrorCode.OUT_OF_MEMORY
        ? !isLastAttempt && !sizes.hasMade()
        : failure.type() == ErrorType.MACHINE;
  }
}
