package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.ErrorType;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.StageSeconds;
import io.fluxspark.request.ImageRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Runs batches so that a request that cannot be met takes none of its neighbours with it: a batch
 * that fails as a whole is made again one request at a time.
 *
 * <p>When every request of a batch fails and the machine is to blame, the failure is thrown, so
 * that Spark tries the task again, elsewhere if it can. A device that has too little memory has it
 * in every attempt; in the task's last one the requests themselves fail.
 *
 * @param isLastAttempt whether Spark gives the job up when this attempt of the task fails
 */
record BatchRun(ImageGenerator generator, BooleanSupplier cancelled, boolean isLastAttempt) {

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
   * @throws FluxSparkException {@code INTERRUPTED} when cancelled; a failure of the machine that
   *     struck every request
   */
  List<Result> run(List<ImageRequest> batch) {
    List<Result> results;
    try {
      results = attempt(batch);
    } catch (RuntimeException e) {
      results = batch.size() == 1 ? List.of(failed(e)) : oneByOne(batch);
    }
    throwIfTheMachineFailed(results);
    return results;
  }

  private List<Result> oneByOne(List<ImageRequest> batch) {
    List<Result> results = new ArrayList<>(batch.size());
    for (ImageRequest request : batch) {
      try {
        results.addAll(attempt(List.of(request)));
      } catch (RuntimeException e) {
        results.add(failed(e));
      }
    }
    return results;
  }

  private List<Result> attempt(List<ImageRequest> batch) {
    if (cancelled.getAsBoolean()) {
      throw new FluxSparkException(ErrorCode.INTERRUPTED, "the task was cancelled");
    }
    GeneratedBatch made = generator.generate(batch, cancelled);
    if (made.images().size() != batch.size()) {
      throw new FluxSparkException(
          ErrorCode.INTERNAL,
          "the model made " + made.images().size() + " pictures of " + batch.size() + " requests");
    }
    StageSeconds all = made.seconds();
    int count = batch.size();
    StageSeconds share =
        new StageSeconds(all.text() / count, all.denoising() / count, all.decoding() / count);
    return made.images().stream().map(image -> new Result(image, share)).toList();
  }

  private Result failed(RuntimeException e) {
    if (cancelled.getAsBoolean()) {
      throw new FluxSparkException(ErrorCode.INTERRUPTED, "the task was cancelled", e);
    }
    FluxSparkException failure =
        e instanceof FluxSparkException typed
            ? typed
            : new FluxSparkException(ErrorCode.INTERNAL, e.toString(), e);
    if (failure.code() == ErrorCode.INTERRUPTED) {
      throw failure;
    }
    return new Result(new GeneratedImage.Failed(failure), new StageSeconds(0, 0, 0));
  }

  private void throwIfTheMachineFailed(List<Result> results) {
    for (Result result : results) {
      if (!(result.image() instanceof GeneratedImage.Failed failed)
          || failed.failure().type() != ErrorType.MACHINE
          || (isLastAttempt && failed.failure().code() == ErrorCode.OUT_OF_MEMORY)) {
        return;
      }
    }
    throw ((GeneratedImage.Failed) results.get(0).image()).failure();
  }
}
