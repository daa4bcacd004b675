package io.fluxspark.spark;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.image.PictureFormat;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.pipeline.StageSeconds;
import io.fluxspark.request.PictureSettings;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ImageStreamTest {
  private static final int BATCH_SIZE = 2;
  private static final PictureFiles FILES =
      new PictureFiles(
          PictureEncoder.of(PictureFormat.PNG),
          new PictureSettings("png", 75, "float32", "digest"),
          false,
          Optional.empty(),
          Optional.empty());

  private final AtomicInteger read = new AtomicInteger();
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CountDownLatch working = new CountDownLatch(1);

  @Test
  void givesPicturesInTheOrderOfTheRequests() throws Exception {
    try (ImageStream stream = stream(5, (batch, cancelled) -> Requests.painted(batch))) {
      List<String> ids = new ArrayList<>();
      while (stream.hasNext()) {
        ImageOutcome.Made made = (ImageOutcome.Made) stream.next();
        int number = ids.size();
        ids.add(made.planned().request().request().id());
        int rgb = ImageIO.read(new ByteArrayInputStream(made.file())).getRGB(0, 0) & 0xffffff;
        assertThat(rgb).as("picture %d", number).isEqualTo(0x010101 * number);
        assertThat(made.seconds()).isEqualTo(new StageSeconds(1, 2, 4));
      }
      assertThat(ids)
          .hasSize(5 * BATCH_SIZE)
          .startsWith("id0", "id1", "id2")
          .endsWith("id8", "id9");
      assertThatThrownBy(stream::next).isInstanceOf(NoSuchElementException.class);
    }
  }

  @Test
  void aRequestThatCannotBeMetStandsInItsPlace() {
    try (ImageStream stream =
        stream(
            1,
            (batch, cancelled) ->
                new GeneratedBatch(
                    List.of(
                        new GeneratedImage.Failed(Requests.failure(ErrorCode.NOT_FINITE)),
                        Requests.painted(batch).images().get(1)),
                    new StageSeconds(0, 0, 0),
                    0))) {
      assertThat(stream.next())
          .isInstanceOfSatisfying(
              ImageOutcome.Failed.class,
              failed -> {
                assertThat(failed.planned().request().requestKey()).isEqualTo("key0");
                assertThat(failed.failure().code()).isEqualTo(ErrorCode.NOT_FINITE);
              });
      assertThat(stream.next()).isInstanceOf(ImageOutcome.Made.class);
      assertThat(stream.hasNext()).isFalse();
    }
  }

  @Test
  void readsNoFurtherThanTwoBatchesAhead() {
    try (ImageStream stream = stream(10, (batch, cancelled) -> Requests.painted(batch))) {
      assertThat(read).as("nothing is read before it is asked for").hasValue(0);
      for (int taken = 1; taken <= 10 * BATCH_SIZE; taken++) {
        stream.next();
        int current = (taken + BATCH_SIZE - 1) / BATCH_SIZE;
        assertThat(read).hasValueLessThanOrEqualTo(Math.min(10, current + 1));
      }
      assertThat(read).hasValue(10);
    }
  }

  @Test
  void worksOnTheNextBatchWhileTheCallerTakesThisOne() throws Exception {
    CountDownLatch second = new CountDownLatch(2);
    try (ImageStream stream =
        stream(
            2,
            (batch, cancelled) -> {
              second.countDown();
              return Requests.painted(batch);
            })) {
      stream.next();
      assertThat(second.await(1, TimeUnit.MINUTES)).isTrue();
    }
  }

  @Test
  void aFailureOfTheModelsThreadKeepsItsCode() {
    try (ImageStream stream =
        stream(
            1,
            (batch, cancelled) -> {
              throw Requests.failure(ErrorCode.DEVICE_ERROR);
            })) {
      assertRefused(ErrorCode.DEVICE_ERROR, stream::next).isEqualTo("a failure for a test");
    }
  }

  @Test
  void anErrorOfTheModelsThreadGetsACode() {
    try (ImageStream stream =
        stream(
            1,
            (batch, cancelled) -> {
              throw new OutOfMemoryError("heap");
            })) {
      assertRefused(ErrorCode.OUT_OF_MEMORY, stream::next).contains("heap");
    }
  }

  @Test
  void anyOtherErrorOfTheModelsThreadIsOurs() {
    try (ImageStream stream =
        stream(
            1,
            (batch, cancelled) -> {
              throw new StackOverflowError("deep");
            })) {
      assertRefused(ErrorCode.INTERNAL, stream::next).contains("deep");
    }
  }

  @Test
  void closingEndsTheWorkAndWaitsForItsEnd() throws Exception {
    AtomicBoolean ended = new AtomicBoolean();
    AtomicInteger begun = new AtomicInteger();
    ImageStream stream =
        stream(
            3,
            (batch, cancelled) -> {
              begun.incrementAndGet();
              try {
                return untilCancelled(cancelled);
              } finally {
                ended.set(true);
              }
            });
    onAnotherThread(
        () -> {
          assertRefused(ErrorCode.INTERRUPTED, stream::next);
          return null;
        },
        () -> {
          stream.close();
          assertThat(closed).isTrue();
          assertThat(ended).as("the model is no longer used").isTrue();
        });
    assertThat(begun).as("the batch behind it is not begun").hasValue(1);
    stream.close();
  }

  @Test
  void closingAStreamThatWasNotReadEndsAtOnce() {
    ImageStream stream = stream(3, (batch, cancelled) -> Requests.painted(batch));
    stream.close();
    assertThat(read).hasValue(0);
  }

  @Test
  void aTaskThatWasEndedWaitsNoLonger() throws Exception {
    try (ImageStream stream = stream(1, (batch, cancelled) -> untilCancelled(cancelled))) {
      onAnotherThread(
          () -> {
            assertRefused(ErrorCode.INTERRUPTED, stream::next).isEqualTo("the task was ended");
            return null;
          },
          () -> interrupted.set(true));
    }
  }

  @Test
  void aThreadThatIsInterruptedWaitsNoLonger() throws Exception {
    AtomicBoolean staysInterrupted = new AtomicBoolean();
    try (ImageStream stream = stream(1, (batch, cancelled) -> untilCancelled(cancelled))) {
      Thread reader =
          new Thread(
              () -> {
                assertRefused(ErrorCode.INTERRUPTED, stream::next)
                    .isEqualTo("the task was interrupted");
                staysInterrupted.set(Thread.currentThread().isInterrupted());
              });
      reader.start();
      assertThat(working.await(1, TimeUnit.MINUTES)).isTrue();
      reader.interrupt();
      reader.join(TimeUnit.MINUTES.toMillis(1));
      assertThat(staysInterrupted).isTrue();
    }
  }

  @Test
  void closingWaitsAlsoWhereTheThreadIsInterrupted() throws Exception {
    CountDownLatch closing = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    AtomicBoolean closedInTime = new AtomicBoolean();
    AtomicBoolean ended = new AtomicBoolean();
    ImageStream stream =
        stream(
            1,
            (batch, cancelled) -> {
              working.countDown();
              awaitUninterruptibly(mayEnd);
              ended.set(true);
              return Requests.painted(batch);
            });
    Thread closer =
        new Thread(
            () -> {
              assertRefused(ErrorCode.INTERRUPTED, stream::next);
              closing.countDown();
              stream.close();
              closedInTime.set(ended.get() && Thread.currentThread().isInterrupted());
            });
    closer.start();
    assertThat(working.await(1, TimeUnit.MINUTES)).isTrue();
    closer.interrupt();
    assertThat(closing.await(1, TimeUnit.MINUTES)).isTrue();
    mayEnd.countDown();
    closer.join(TimeUnit.MINUTES.toMillis(1));
    assertThat(closedInTime).as("closed after the model's end, still interrupted").isTrue();
  }

  private interface Model {
    GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier cancelled);
  }

  private interface Action {
    void run() throws Exception;
  }

  /** Runs the one, and the other once the model works. */
  private void onAnotherThread(Callable<Void> reading, Action then) throws Exception {
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<Void> reader = thread.submit(reading);
      assertThat(working.await(1, TimeUnit.MINUTES)).isTrue();
      then.run();
      reader.get(1, TimeUnit.MINUTES);
    } finally {
      thread.shutdownNow();
    }
  }

  private GeneratedBatch untilCancelled(BooleanSupplier cancelled) {
    working.countDown();
    while (!cancelled.getAsBoolean()) {
      Thread.onSpinWait();
    }
    throw Requests.failure(ErrorCode.INTERRUPTED);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private ImageStream stream(int batches, Model model) {
    ImageGenerator generator =
        new ImageGenerator() {
          @Override
          public GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier cancelled) {
            return model.generate(batch, cancelled);
          }

          @Override
          public void close() {}
        };
    Configuration conf = new Configuration();
    return new ImageStream(
        source(batches),
        new InputReader(new PictureReader(conf), new LoraFiles(ModelStoreSettings.DEFAULT, conf)),
        new BatchRun(
            generator, new BatchSizes(), new ExecutorMetrics(), encoded -> {}, closed::get, false),
        FILES,
        interrupted::get,
        closed);
  }

  /** Batches of two requests, counted as they are read. */
  private Iterator<List<PlannedImage>> source(int batches) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return read.get() < batches;
      }

      @Override
      public List<PlannedImage> next() {
        int first = BATCH_SIZE * read.getAndIncrement();
        return List.of(
            new PlannedImage(Requests.request(first), null),
            new PlannedImage(Requests.request(first + 1), null));
      }
    };
  }
}
