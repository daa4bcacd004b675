package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.PreparedImage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Pictures in the order of their batches, made while the caller does something else: one thread
 * runs the model, a few write the picture files of the batch before, and the caller's thread reads
 * requests and takes results. At most two batches are on the way, so memory does not grow with
 * their number.
 */
final class ImageStream implements Iterator<ImageOutcome>, AutoCloseable {
  private static final int BATCHES_ON_THE_WAY = 2;
  private static final int WRITERS = 2;
  private static final long LOOK_MILLIS = 100;

  private final Iterator<List<PlannedImage>> batches;
  private final InputReader inputs;
  private final Function<List<PreparedImage>, List<BatchRun.Result>> model;
  private final PictureFiles files;
  private final BooleanSupplier interrupted;
  private final AtomicBoolean closed;
  private final ExecutorService worker;
  private final ExecutorService writers;
  private final Queue<Future<List<Future<ImageOutcome>>>> onTheWay = new ArrayDeque<>();
  private final Queue<Future<ImageOutcome>> current = new ArrayDeque<>();

  /**
   * @param batches is read by the thread that calls {@link #next} alone
   * @param inputs is used by that thread alone
   * @param interrupted whether the caller's task was ended
   * @param closed set by {@link #close}; ends a batch in progress
   */
  ImageStream(
      Iterator<List<PlannedImage>> batches,
      InputReader inputs,
      BatchRun run,
      PictureFiles files,
      BooleanSupplier interrupted,
      AtomicBoolean closed) {
    this.batches = batches;
    this.inputs = inputs;
    this.model = run::run;
    this.files = files;
    this.interrupted = interrupted;
    this.closed = closed;
    this.worker = Executors.newSingleThreadExecutor(threads("fluxspark-model"));
    this.writers = Executors.newFixedThreadPool(WRITERS, threads("fluxspark-files"));
  }

  @Override
  public boolean hasNext() {
    return !current.isEmpty() || !onTheWay.isEmpty() || batches.hasNext();
  }

  @Override
  public ImageOutcome next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    if (current.isEmpty()) {
      while (onTheWay.size() < BATCHES_ON_THE_WAY && batches.hasNext()) {
        List<InputReader.Loaded> batch = batches.next().stream().map(inputs::load).toList();
        onTheWay.add(worker.submit(() -> make(batch)));
      }
      current.addAll(await(onTheWay.remove()));
    }
    return await(current.remove());
  }

  /** Ends what is on the way and waits for its end; afterwards no thread uses the model. */
  @Override
  public void close() {
    closed.set(true);
    worker.shutdown();
    awaitEnd(worker);
    writers.shutdown();
    awaitEnd(writers);
  }

  /** Makes a batch; pictures whose inputs have different shapes are made one shape at a time. */
  private List<Future<ImageOutcome>> make(List<InputReader.Loaded> batch) {
    List<Future<ImageOutcome>> outcomes = new ArrayList<>(Collections.nCopies(batch.size(), null));
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    for (int i = 0; i < batch.size(); i++) {
      if (batch.get(i) instanceof InputReader.Ready ready) {
        String shape = ready.prepared().inputs().shape();
        shapes.computeIfAbsent(shape, alike -> new ArrayList<>()).add(i);
      } else if (batch.get(i) instanceof InputReader.Unreadable unreadable) {
        outcomes.set(i, failed(unreadable.planned(), unreadable.failure()));
      }
    }
    for (List<Integer> alike : shapes.values()) {
      List<InputReader.Ready> ready =
          alike.stream().map(i -> (InputReader.Ready) batch.get(i)).toList();
      List<BatchRun.Result> results =
          model.apply(ready.stream().map(InputReader.Ready::prepared).toList());
      for (int i = 0; i < ready.size(); i++) {
        outcomes.set(alike.get(i), outcome(ready.get(i).planned(), results.get(i)));
      }
    }
    return outcomes;
  }

  private Future<ImageOutcome> outcome(PlannedImage planned, BatchRun.Result result) {
    if (result.image() instanceof GeneratedImage.Made made) {
      return writers.submit(() -> files.write(planned, made, result.seconds()));
    }
    return failed(planned, ((GeneratedImage.Failed) result.image()).failure());
  }

  private static Future<ImageOutcome> failed(PlannedImage planned, FluxSparkException failure) {
    return CompletableFuture.completedFuture(new ImageOutcome.Failed(planned, failure));
  }

  private <T> T await(Future<T> future) {
    while (true) {
      if (interrupted.getAsBoolean()) {
        throw new FluxSparkException(ErrorCode.INTERRUPTED, "the task was ended");
      }
      try {
        return future.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        // look again whether the task was ended
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new FluxSparkException(ErrorCode.INTERRUPTED, "the task was interrupted", e);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof FluxSparkException failure) {
          throw failure;
        }
        ErrorCode code =
            e.getCause() instanceof OutOfMemoryError ? ErrorCode.OUT_OF_MEMORY : ErrorCode.INTERNAL;
        throw new FluxSparkException(code, e.getCause().toString(), e.getCause());
      }
    }
  }

  private static void awaitEnd(ExecutorService threads) {
    boolean wasInterrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = threads.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        wasInterrupted = true; // the model must not be given back while a thread still uses it
      }
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static ThreadFactory threads(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
