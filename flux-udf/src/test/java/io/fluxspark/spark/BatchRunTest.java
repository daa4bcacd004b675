package io.fluxspark.spark;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.pipeline.StageSeconds;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BatchRunTest {
  private final List<Integer> batchSizes = new ArrayList<>();
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final BatchSizes sizes = new BatchSizes();
  private final ExecutorMetrics metrics = new ExecutorMetrics();
  private final LongAdder textsEncoded = new LongAdder();

  @Test
  void aBatchIsMadeAtOnceAndItsTimeShared() {
    List<BatchRun.Result> results = run(false, Requests::painted).run(Requests.first(2));
    assertThat(batchSizes).containsExactly(2);
    assertThat(greys(results)).containsExactly(0, 1);
    assertThat(results)
        .extracting(BatchRun.Result::seconds)
        .containsOnly(new StageSeconds(1, 2, 4));
    assertThat(textsEncoded.sum()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"OUT_OF_MEMORY", "DEVICE_ERROR", "INTERNAL", "NOT_FINITE"})
  void aRequestThatFailsItsBatchTakesNoneOfItsNeighboursWithIt(ErrorCode code) {
    List<BatchRun.Result> results =
        run(false, failing(Set.of(1L), Requests.failure(code))).run(Requests.first(3));
    assertThat(batchSizes).containsExactly(3, 1, 1, 1);
    assertThat(results.get(0).image()).isInstanceOf(GeneratedImage.Made.class);
    assertThat(results.get(2).image()).isInstanceOf(GeneratedImage.Made.class);
    assertThat(greys(results)).containsExactly(0, null, 2);
    assertThat(failure(results.get(1)).code()).isEqualTo(code);
    assertThat(results.get(1).seconds()).isEqualTo(new StageSeconds(0, 0, 0));
  }

  @Test
  void aFailedOutcomeIsNotTriedAgain() {
    List<BatchRun.Result> results =
        run(
                false,
                batch ->
                    new GeneratedBatch(
                        List.of(
                            new GeneratedImage.Failed(Requests.failure(ErrorCode.NOT_FINITE)),
                            Requests.painted(batch).images().get(1)),
                        new StageSeconds(0, 0, 0),
                        0))
            .run(Requests.first(2));
    assertThat(batchSizes).containsExactly(2);
    assertThat(failure(results.get(0)).code()).isEqualTo(ErrorCode.NOT_FINITE);
    assertThat(greys(results)).containsExactly(null, 1);
  }

  @ParameterizedTest
  @EnumSource(names = {"OUT_OF_MEMORY", "DEVICE_ERROR", "INPUT_OUTPUT"})
  void aFailureOfTheMachineThatStrikesAllIsThrown(ErrorCode code) {
    Function<List<PreparedImage>, GeneratedBatch> broken =
        failing(Set.of(0L, 1L), Requests.failure(code));
    assertRefused(code, () -> run(false, broken).run(Requests.first(2)));
    assertThat(batchSizes).containsExactly(2, 1, 1);
    assertRefused(code, () -> run(false, broken).run(Requests.first(1)));
  }

  @Test
  void inTheLastAttemptTooLittleMemoryFailsTheRequests() {
    List<BatchRun.Result> results =
        run(true, failing(Set.of(0L, 1L), Requests.failure(ErrorCode.OUT_OF_MEMORY)))
            .run(Requests.first(2));
    assertThat(results)
        .extracting(result -> failure(result).code())
        .containsExactly(ErrorCode.OUT_OF_MEMORY, ErrorCode.OUT_OF_MEMORY);
  }

  @Test
  void aBatchThatDoesNotFitIsHalvedUntilItDoesAndKeepsItsOrder() {
    List<BatchRun.Result> results = run(false, fitting(3)).run(Requests.first(8));
    assertThat(batchSizes).containsExactly(8, 4, 2, 2, 2, 2);
    assertThat(greys(results)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(counter("outOfMemoryRetries")).isEqualTo(2);
    assertThat(counter("batches")).isEqualTo(4);
  }

  @Test
  void laterBatchesOfTheBucketStartWithTheSizeThatWasFound() {
    run(false, fitting(2)).run(Requests.first(5));
    batchSizes.clear();
    List<BatchRun.Result> results = run(false, fitting(2)).run(Requests.first(5));
    assertThat(batchSizes).containsExactly(2, 2, 1);
    assertThat(greys(results)).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void memoryThatTheOtherHalfDoesNotFindIsLearntToo() {
    AtomicInteger calls = new AtomicInteger();
    List<BatchRun.Result> results =
        run(
                false,
                batch -> {
                  int call = calls.getAndIncrement();
                  if (call == 0 || call == 2) {
                    throw Requests.failure(ErrorCode.OUT_OF_MEMORY);
                  }
                  return Requests.painted(batch);
                })
            .run(Requests.first(4));
    assertThat(batchSizes).containsExactly(4, 2, 2, 1, 1);
    assertThat(greys(results)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void aPictureThatAloneIsTooLargeFailsWhereOthersWereMade() {
    run(false, Requests::painted).run(Requests.first(1));
    List<BatchRun.Result> results = run(false, fitting(0)).run(Requests.first(2));
    assertThat(results)
        .extracting(result -> failure(result).code())
        .containsExactly(ErrorCode.OUT_OF_MEMORY, ErrorCode.OUT_OF_MEMORY);
  }

  @Test
  void aFullJavaHeapIsTooLittleMemoryToo() {
    List<BatchRun.Result> results =
        run(
                true,
                batch -> {
                  if (batch.size() > 1 || batch.get(0).request().seed() == 1) {
                    throw new OutOfMemoryError("Java heap space");
                  }
                  return Requests.painted(batch);
                })
            .run(Requests.first(2));
    assertThat(batchSizes).containsExactly(2, 1, 1);
    assertThat(greys(results)).containsExactly(0, null);
    assertThat(failure(results.get(1)).code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    assertThat(failure(results.get(1))).hasMessageContaining("heap");
  }

  @Test
  void aLostDeviceIsTriedNoFurther() {
    assertRefused(
        ErrorCode.DEVICE_LOST,
        () ->
            run(true, failing(Set.of(1L), Requests.failure(ErrorCode.DEVICE_LOST)))
                .run(Requests.first(3)));
    assertThat(batchSizes).containsExactly(3);
  }

  @Test
  void inTheLastAttemptABrokenDeviceIsThrownAllTheSame() {
    assertRefused(
        ErrorCode.DEVICE_ERROR,
        () ->
            run(true, failing(Set.of(0L, 1L), Requests.failure(ErrorCode.DEVICE_ERROR)))
                .run(Requests.first(2)));
  }

  @ParameterizedTest
  @EnumSource(names = {"INTERNAL", "NOT_FINITE"})
  void aFailureOfAllRequestsForWhichNoMachineIsToBlameIsTheirs(ErrorCode code) {
    List<BatchRun.Result> results =
        run(false, failing(Set.of(0L, 1L), Requests.failure(code))).run(Requests.first(2));
    assertThat(results).extracting(result -> failure(result).code()).containsExactly(code, code);
  }

  @Test
  void anUntypedFailureIsOurs() {
    FluxSparkException failure =
        failure(
            run(false, failing(Set.of(0L), new IllegalStateException("why")))
                .run(Requests.first(1))
                .get(0));
    assertThat(failure.code()).isEqualTo(ErrorCode.INTERNAL);
    assertThat(failure).hasMessage("java.lang.IllegalStateException: why");
  }

  @Test
  void anInterruptionIsThrownNotTheRequestsFailure() {
    Function<List<PreparedImage>, GeneratedBatch> interrupted =
        failing(Set.of(1L), Requests.failure(ErrorCode.INTERRUPTED));
    assertRefused(ErrorCode.INTERRUPTED, () -> run(true, interrupted).run(Requests.first(3)));
    assertThat(batchSizes).containsExactly(3);
  }

  @Test
  void whatWasCancelledBeforeItBeganIsNotMade() {
    cancelled.set(true);
    for (int size : new int[] {1, 2}) {
      assertRefused(
          ErrorCode.INTERRUPTED, () -> run(false, Requests::painted).run(Requests.first(size)));
    }
    assertThat(batchSizes).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"INTERRUPTED", "DEVICE_ERROR", "INTERNAL"})
  void whatWasCancelledWhileItWasMadeIsInterruptedWhateverTheModelThrew(ErrorCode code) {
    for (int size : new int[] {1, 2}) {
      batchSizes.clear();
      cancelled.set(false);
      BatchRun run =
          run(
              false,
              batch -> {
                cancelled.set(true);
                throw Requests.failure(code);
              });
      assertRefused(ErrorCode.INTERRUPTED, () -> run.run(Requests.first(size)));
      assertThat(batchSizes).containsExactly(size);
    }
  }

  @Test
  void theModelIsToldWhetherItIsCancelled() {
    ImageGenerator model =
        new Model() {
          @Override
          public GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier asked) {
            assertThat(asked.getAsBoolean()).isFalse();
            cancelled.set(true);
            assertThat(asked.getAsBoolean()).isTrue();
            return Requests.painted(batch);
          }
        };
    assertThat(
            new BatchRun(model, sizes, metrics, textsEncoded::add, cancelled::get, false)
                .run(Requests.first(1)))
        .hasSize(1);
  }

  @Test
  void aModelThatMakesAnotherNumberOfPicturesIsOurFault() {
    BatchRun run =
        run(false, batch -> batch.size() == 1 ? Requests.painted(Requests.first(2)) : none());
    List<BatchRun.Result> results = run.run(Requests.first(2));
    assertThat(results)
        .extracting(result -> failure(result).code())
        .containsExactly(ErrorCode.INTERNAL, ErrorCode.INTERNAL);
    assertThat(failure(results.get(0))).hasMessage("the model made 2 pictures of 1 requests");
  }

  private BatchRun run(boolean isLastAttempt, Function<List<PreparedImage>, GeneratedBatch> model) {
    return new BatchRun(
        new Model() {
          @Override
          public GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier asked) {
            batchSizes.add(batch.size());
            return model.apply(batch);
          }
        },
        sizes,
        metrics,
        textsEncoded::add,
        cancelled::get,
        isLastAttempt);
  }

  private abstract static class Model implements ImageGenerator {
    @Override
    public void close() {}
  }

  private static GeneratedBatch none() {
    return new GeneratedBatch(List.of(), new StageSeconds(0, 0, 0), 0);
  }

  private static Function<List<PreparedImage>, GeneratedBatch> failing(
      Set<Long> seeds, RuntimeException failure) {
    return batch -> {
      if (batch.stream().anyMatch(request -> seeds.contains(request.request().seed()))) {
        throw failure;
      }
      return Requests.painted(batch);
    };
  }

  /** A device that has memory for so many pictures at once. */
  private static Function<List<PreparedImage>, GeneratedBatch> fitting(int most) {
    return batch -> {
      if (batch.size() > most) {
        throw Requests.failure(ErrorCode.OUT_OF_MEMORY);
      }
      return Requests.painted(batch);
    };
  }

  private long counter(String name) {
    return metrics.metricRegistry().counter(name).getCount();
  }

  private static List<Integer> greys(List<BatchRun.Result> results) {
    List<Integer> greys = new ArrayList<>();
    for (BatchRun.Result result : results) {
      greys.add(
          result.image() instanceof GeneratedImage.Made made
              ? Integer.valueOf(made.picture().rgb()[0])
              : null);
    }
    return greys;
  }

  private static FluxSparkException failure(BatchRun.Result result) {
    return ((GeneratedImage.Failed) result.image()).failure();
  }
}
