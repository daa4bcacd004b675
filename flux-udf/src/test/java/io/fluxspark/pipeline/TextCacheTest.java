package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.program.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TextCacheTest {
  /** One number for each encoder. */
  private static final int BYTES = 8;

  private final AtomicInteger encoded = new AtomicInteger();
  private long openBefore;

  @BeforeEach
  void countOpenValues() {
    openBefore = TensorScope.openValues();
  }

  @AfterEach
  void nothingIsLeftOpen() {
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  @Test
  void aTextIsEncodedOnce() {
    try (TextCache cache = new TextCache(10 * BYTES)) {
      assertThat(read(cache, 1)).isTrue();
      assertThat(read(cache, 2)).isTrue();
      assertThat(read(cache, 1)).isFalse();
      assertThat(encoded).hasValue(2);
    }
  }

  @Test
  void sameIdsOfOtherEncodersOrLengthsAreOtherTexts() {
    try (TextCache cache = new TextCache(10 * BYTES)) {
      for (long[][] ids :
          new long[][][] {
            {{1}, {2}}, {{2}, {1}}, {{1}, {2, 0}}, {{1, 0}, {2}}, {{1}, {2}},
          }) {
        cache.lease(TextCache.Key.of(ids[0], ids[1]), text(0)).close();
      }
      assertThat(encoded).hasValue(4);
    }
  }

  @Test
  void whatWasNotUsedForLongestGoes() {
    try (TextCache cache = new TextCache(2 * BYTES)) {
      read(cache, 1);
      read(cache, 2);
      read(cache, 1);
      read(cache, 3);
      assertThat(TensorScope.openValues()).isEqualTo(openBefore + 2 * 2);

      assertThat(read(cache, 1)).isFalse();
      assertThat(read(cache, 2)).isTrue();
      assertThat(TensorScope.openValues()).isEqualTo(openBefore + 2 * 2);
    }
  }

  @Test
  void whatIsInUseStaysAndGoesWhenItIsGivenBack() {
    try (TextCache cache = new TextCache(BYTES)) {
      TextCache.Lease first = lease(cache, 1);
      TextCache.Lease again = lease(cache, 1);
      read(cache, 2);
      first.close();
      read(cache, 3);
      assertThat(again.text().hidden().toFloats()).containsExactly(1);

      TextCache.Lease other = lease(cache, 4);
      assertThat(TensorScope.openValues()).isEqualTo(openBefore + 2 * 2);
      again.close();
      assertThat(TensorScope.openValues()).isEqualTo(openBefore + 2);
      other.close();
      assertThat(read(cache, 4)).isFalse();
    }
  }

  @Test
  void nothingIsKeptWhereNothingFits() {
    try (TextCache cache = new TextCache(0)) {
      assertThat(read(cache, 1)).isTrue();
      assertThat(TensorScope.openValues()).isEqualTo(openBefore);
      assertThat(read(cache, 1)).isTrue();
    }
  }

  @Test
  void whoAsksAfterAFailureTriesAgain() {
    try (TextCache cache = new TextCache(10 * BYTES)) {
      assertThatThrownBy(
              () ->
                  cache.lease(
                      key(1),
                      scope -> {
                        scope.floats(new float[] {1}, 1, 1);
                        throw new IllegalStateException("no memory");
                      }))
          .hasMessage("no memory");
      assertThat(TensorScope.openValues()).isEqualTo(openBefore);

      assertThat(read(cache, 1)).isTrue();
      assertThat(read(cache, 1)).isFalse();
    }
  }

  @Test
  void threadsThatAskForOneTextWaitForTheFirstAndOthersDoNot() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    try (TextCache cache = new TextCache(10 * BYTES)) {
      CountDownLatch isEncoding = new CountDownLatch(1);
      CountDownLatch others = new CountDownLatch(1);
      List<Future<Boolean>> asked = new ArrayList<>();
      asked.add(
          threads.submit(
              () -> {
                try (TextCache.Lease lease =
                    cache.lease(
                        key(1),
                        scope -> {
                          isEncoding.countDown();
                          await(others);
                          return text(1).apply(scope);
                        })) {
                  return lease.isNew();
                }
              }));
      isEncoding.await();
      for (int i = 0; i < 3; i++) {
        asked.add(threads.submit(() -> read(cache, 1)));
      }
      assertThat(read(cache, 2)).isTrue();
      others.countDown();

      assertThat(asked.get(0).get()).isTrue();
      for (Future<Boolean> later : asked.subList(1, asked.size())) {
        assertThat(later.get()).isFalse();
      }
      assertThat(encoded).hasValue(2);
    } finally {
      threads.shutdown();
    }
  }

  /** More texts than fit, so that they are closed while other threads read others. */
  @Test
  void manyThreadsReadWhatTheyAskFor() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (TextCache cache = new TextCache(3 * BYTES)) {
      List<Future<?>> reading = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        int first = thread;
        reading.add(
            threads.submit(
                () -> IntStream.range(0, 500).forEach(i -> read(cache, (first + i * 7) % 11))));
      }
      for (Future<?> thread : reading) {
        thread.get();
      }
    } finally {
      threads.shutdown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether the text was encoded for this; it is what was asked for in any case. */
  private boolean read(TextCache cache, int number) {
    try (TextCache.Lease lease = lease(cache, number)) {
      assertThat(lease.text().pooled().toFloats()).containsExactly(number);
      assertThat(lease.text().hidden().toFloats()).containsExactly(number);
      return lease.isNew();
    }
  }

  private TextCache.Lease lease(TextCache cache, int number) {
    return cache.lease(key(number), text(number));
  }

  private static TextCache.Key key(int number) {
    return TextCache.Key.of(new long[] {number}, new long[] {number});
  }

  private Function<TensorScope, TextCache.Text> text(int number) {
    return scope -> {
      encoded.incrementAndGet();
      return new TextCache.Text(
          scope.floats(new float[] {number}, 1, 1), // (1, Dclip)
          scope.floats(new float[] {number}, 1, 1, 1), // (1, L, Dt5)
          BYTES);
    };
  }
}
