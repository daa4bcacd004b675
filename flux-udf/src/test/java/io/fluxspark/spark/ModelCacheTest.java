package io.fluxspark.spark;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.PreparedImage;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ModelCacheTest {
  private static final int THREADS = 8;
  private static final Set<Thread.State> WAITING =
      EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);
  private static final String GPU = ModelKey.GPU_PREFIX + "0";

  private final ModelCache cache = new ModelCache();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** What was loaded and closed, in that order. */
  private final List<String> events = new ArrayList<>();

  @AfterEach
  void endThreads() throws InterruptedException {
    threads.shutdownNow();
    assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
  }

  @Test
  void manyWhoAskAtOnceGetOneLoad() throws Exception {
    CountDownLatch mayLoad = new CountDownLatch(1);
    List<Future<ModelCache.Lease>> asked = askAtOnce(loaderAfter(mayLoad));
    mayLoad.countDown();
    ImageGenerator model = asked.get(0).get().generator();
    for (Future<ModelCache.Lease> lease : asked) {
      assertThat(lease.get().generator()).isSameAs(model);
    }
    assertThat(cache.loads()).isEqualTo(1);
    assertThat(cache.size()).isEqualTo(1);
    assertThat(events()).containsExactly("load a");
  }

  @Test
  void aModelStaysLoadedForTheNext() {
    cache.lease(key("a", GPU), this::load).close();
    cache.lease(key("a", GPU), this::load).close();
    assertThat(events()).containsExactly("load a");
  }

  @Test
  void whatIsKnownOfAModelsMemoryLivesAsLongAsTheModel() {
    BatchSizes first;
    try (ModelCache.Lease lease = cache.lease(key("a", GPU), this::load)) {
      first = lease.batchSizes();
    }
    try (ModelCache.Lease lease = cache.lease(key("a", GPU), this::load)) {
      assertThat(lease.batchSizes()).isSameAs(first);
    }
    cache.closeIdle();
    try (ModelCache.Lease lease = cache.lease(key("a", GPU), this::load)) {
      assertThat(lease.batchSizes()).isNotSameAs(first);
    }
  }

  @Test
  void whoWaitsForAFailedLoadGetsItsFailureAndTheNextLoadsAgain() throws Exception {
    CountDownLatch mayFail = new CountDownLatch(1);
    List<Future<ModelCache.Lease>> asked =
        askAtOnce(
            key -> {
              await(mayFail);
              throw Requests.failure(ErrorCode.OUT_OF_MEMORY);
            });
    mayFail.countDown();
    for (Future<ModelCache.Lease> lease : asked) {
      assertThatThrownBy(lease::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOfSatisfying(
              FluxSparkException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY))
          .hasMessage("a failure for a test");
    }
    assertThat(cache.size()).isZero();

    cache.lease(key("a", GPU), this::load).close();
    assertThat(cache.loads()).isEqualTo(2);
    cache.closeIdle();
    assertThat(events()).as("nobody holds it any more").containsExactly("load a", "close a");
  }

  @Test
  void anUntypedFailureReachesThoseWhoWaitAsOurs() throws Exception {
    CountDownLatch mayFail = new CountDownLatch(1);
    List<Future<ModelCache.Lease>> asked =
        askAtOnce(
            key -> {
              await(mayFail);
              throw new StackOverflowError("deep");
            });
    mayFail.countDown();
    List<Throwable> failures = new ArrayList<>();
    for (Future<ModelCache.Lease> lease : asked) {
      failures.add(catchThrowable(lease::get).getCause());
    }
    assertThat(failures).filteredOn(e -> e instanceof StackOverflowError).hasSize(1);
    assertThat(failures)
        .filteredOn(e -> e instanceof FluxSparkException)
        .hasSize(THREADS - 1)
        .allSatisfy(e -> assertThat(((FluxSparkException) e).code()).isEqualTo(ErrorCode.INTERNAL));
    assertThat(cache.size()).isZero();
  }

  @Test
  void anotherModelOfTheDeviceIsClosedBeforeTheLoad() {
    cache.lease(key("a", GPU), this::load).close();
    cache.lease(key("b", GPU), this::load);
    assertThat(events()).containsExactly("load a", "close a", "load b");
    assertThat(cache.size()).isEqualTo(1);
  }

  @Test
  void aChangedDigestOrTypeIsAnotherModel() {
    ModelKey key = new ModelKey("a", "1", GPU, "float32", Set.of());
    cache.lease(key, this::load).close();
    cache.lease(new ModelKey("a", "2", GPU, "float32", Set.of()), this::load).close();
    cache.lease(new ModelKey("a", "2", GPU, "float16", Set.of()), this::load).close();
    assertThat(events()).containsExactly("load a", "close a", "load a", "close a", "load a");
  }

  @Test
  void modelsInUseAndThoseOfOtherDevicesStay() {
    ModelCache.Lease used = cache.lease(key("a", GPU), this::load);
    cache.lease(key("c", ModelKey.CPU), this::load).close();
    cache.lease(key("b", GPU), this::load).close();
    assertThat(events()).containsExactly("load a", "load c", "load b");
    used.close();
    cache.lease(key("d", GPU), this::load);
    assertThat(events())
        .containsExactly("load a", "load c", "load b", "close a", "close b", "load d");
  }

  @Test
  void aLeaseCountsOnceHoweverOftenItIsClosed() {
    ModelCache.Lease first = cache.lease(key("a", GPU), this::load);
    ModelCache.Lease second = cache.lease(key("a", GPU), this::load);
    first.close();
    first.close();
    cache.closeIdle();
    assertThat(events()).as("the second still holds it").containsExactly("load a");
    second.close();
    cache.closeIdle();
    assertThat(events()).containsExactly("load a", "close a");
    assertThat(cache.size()).isZero();
  }

  @Test
  void everyIdleModelIsClosedAlsoWhenOneFailsToClose() {
    cache.lease(key("a", GPU), key -> new Model("a", new IllegalStateException("a"))).close();
    cache
        .lease(key("b", ModelKey.CPU), key -> new Model("b", new IllegalStateException("b")))
        .close();
    cache.lease(key("c", GPU + "1"), this::load).close();
    assertThatThrownBy(cache::closeIdle)
        .hasMessage("a")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1))
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("b"));
    assertThat(events()).containsExactly("load c", "close a", "close b", "close c");
    assertThat(cache.size()).isZero();
  }

  @Test
  void aFailureToCloseAnotherModelFailsTheLoadButLeavesNoneOpen() {
    ModelCache.Lease first =
        cache.lease(key("a", GPU), key -> new Model("a", Requests.failure(ErrorCode.DEVICE_ERROR)));
    ModelCache.Lease second = cache.lease(key("b", GPU), this::load);
    first.close();
    second.close();
    assertRefused(ErrorCode.DEVICE_ERROR, () -> cache.lease(key("c", GPU), this::load));
    assertThat(events()).containsExactly("load b", "close a", "close b");
    assertThat(cache.size()).isZero();
    cache.lease(key("c", GPU), this::load).close();
    assertThat(events()).endsWith("load c");
  }

  @Test
  void whoIsInterruptedWhileAnotherLoadsHoldsNothing() throws Exception {
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch mayLoad = new CountDownLatch(1);
    Future<ModelCache.Lease> loader =
        threads.submit(
            () ->
                cache.lease(
                    key("a", GPU),
                    key -> {
                      loading.countDown();
                      await(mayLoad);
                      return load(key);
                    }));
    await(loading);
    Future<Boolean> waiter =
        threads.submit(
            () -> {
              Thread.currentThread().interrupt();
              assertRefused(ErrorCode.INTERRUPTED, () -> cache.lease(key("a", GPU), this::load));
              return Thread.interrupted();
            });
    assertThat(waiter.get()).as("stays interrupted").isTrue();
    mayLoad.countDown();
    loader.get().close();
    cache.closeIdle();
    assertThat(events()).containsExactly("load a", "close a");
  }

  /** Asks from many threads, one of which loads while all others wait. */
  private List<Future<ModelCache.Lease>> askAtOnce(ModelLoader loader) throws Exception {
    List<Thread> askers = new ArrayList<>();
    List<Future<ModelCache.Lease>> asked = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      CountDownLatch started = new CountDownLatch(1);
      asked.add(
          threads.submit(
              () -> {
                synchronized (askers) {
                  askers.add(Thread.currentThread());
                }
                started.countDown();
                return cache.lease(key("a", GPU), loader);
              }));
      await(started);
    }
    for (Thread asker : askers) {
      while (!WAITING.contains(asker.getState())) {
        Thread.onSpinWait();
      }
    }
    return asked;
  }

  private ModelLoader loaderAfter(CountDownLatch mayLoad) {
    return key -> {
      await(mayLoad);
      return load(key);
    };
  }

  private ImageGenerator load(ModelKey key) {
    record("load " + key.location());
    return new Model(key.location(), null);
  }

  private void record(String event) {
    synchronized (events) {
      events.add(event);
    }
  }

  private List<String> events() {
    synchronized (events) {
      return List.copyOf(events);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ModelKey key(String location, String device) {
    return new ModelKey(location, "digest", device, "float32", Set.of());
  }

  private final class Model implements ImageGenerator {
    private final String name;
    private final RuntimeException closing;

    private Model(String name, RuntimeException closing) {
      this.name = name;
      this.closing = closing;
    }

    @Override
    public GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier cancelled) {
      return Requests.painted(batch);
    }

    @Override
    public void close() {
      record("close " + name);
      if (closing != null) {
        throw closing;
      }
    }
  }
}
