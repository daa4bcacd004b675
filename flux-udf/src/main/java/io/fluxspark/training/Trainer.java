package io.fluxspark.training;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.AdamW;
import io.fluxspark.program.Opened;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.Threads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Goes down the gradient, step by step. Everything random follows from the seed and the step's
 * number, so that a run that goes on from a checkpoint is the run that was never broken off.
 */
public final class Trainer implements AutoCloseable {
  private final Opened opened = new Opened();
  private final Learner learner;
  private final ExampleStore examples;
  private final TrainingSettings settings;
  private final Draws draws;
  private final Checkpoints checkpoints;
  private final List<AdamW> optimizers = new ArrayList<>();

  /** Of each worker, of each part. */
  private final List<List<Parameters>> sums = new ArrayList<>();

  private final ExecutorService threads;
  private long step;

  /**
   * Goes on from the newest checkpoint, where there is one.
   *
   * @param learner stays the caller's; so do the examples
   * @param checkpoints their folder, made when the first is saved
   */
  public Trainer(
      Learner learner, ExampleStore examples, TrainingSettings settings, Path checkpoints) {
    this.learner = learner;
    this.examples = examples;
    this.settings = settings;
    this.draws = new Draws(settings.seed(), examples.weights(), examples.buckets());
    this.checkpoints = new Checkpoints(checkpoints);
    this.threads = Executors.newFixedThreadPool(settings.workers());
    try {
      for (Learner.TrainedPart part : learner.parts()) {
        optimizers.add(opened.add(new AdamW(part.weights())));
      }
      for (int worker = 0; worker < settings.workers(); worker++) {
        List<Parameters> own = new ArrayList<>();
        sums.add(own);
        for (Learner.TrainedPart part : learner.parts()) {
          own.add(opened.add(part.weights().zeros()));
        }
      }
      this.checkpoints
          .latest()
          .ifPresent(
              latest -> {
                this.checkpoints.restore(latest, learner.parts(), optimizers);
                step = latest;
              });
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Steps that are done. */
  public long step() {
    return step;
  }

  /**
   * The means of the weights over the last steps, which draw better than the weights, by the name
   * of their model.
   */
  public Map<String, Parameters> averages() {
    Map<String, Parameters> averages = new LinkedHashMap<>();
    for (int i = 0; i < optimizers.size(); i++) {
      averages.put(learner.parts().get(i).name(), optimizers.get(i).average());
    }
    return averages;
  }

  /**
   * Trains up to a step, and saves there.
   *
   * @param cancelled asked between steps
   * @throws FluxSparkException {@code NOT_FINITE} where a loss or a gradient is not, with the
   *     weights as they were before; {@code INTERRUPTED} once cancelled, after saving
   */
  public void run(long until, TrainingLog log, BooleanSupplier cancelled) {
    long lastSave = System.nanoTime();
    Means means = new Means();
    while (step < until) {
      if (cancelled.getAsBoolean()) {
        save();
        throw new FluxSparkException(
            ErrorCode.INTERRUPTED, "training was stopped after step " + step);
      }
      makeStep(means);
      if (step % settings.logEvery() == 0 || step == until) {
        log.line(means.line(step, settings.learningRate().at(step), picturesPerStep()));
        means = new Means();
      }
      if (System.nanoTime() - lastSave > settings.checkpointSeconds() * 1e9) {
        save();
        lastSave = System.nanoTime();
      }
    }
    save();
  }

  private void save() {
    checkpoints.save(step, learner.parts(), optimizers);
  }

  private int picturesPerStep() {
    return settings.batchSize() * settings.gradientAccumulationSteps();
  }

  private void makeStep(Means means) {
    long next = step + 1;
    List<String> seen = new ArrayList<>();
    double share = 1.0 / settings.gradientAccumulationSteps();
    for (int i = 0; i < settings.gradientAccumulationSteps(); i++) {
      int[] drawn = draws.examples(draws.random(next, -1 - i), settings.batchSize());
      List<Example> batch = Arrays.stream(drawn).mapToObj(examples::get).toList();
      batch.forEach(example -> seen.add(example.id()));
      means.add(gradients(next, i, batch, share), share);
    }
    double loss = means.last();
    double norm = Double.isFinite(loss) ? update(next) : Double.NaN;
    if (!Double.isFinite(norm)) {
      throw new FluxSparkException(
          ErrorCode.NOT_FINITE,
          "the "
              + (Double.isFinite(loss) ? "gradient" : "loss")
              + " of step "
              + next
              + " is not finite; its rows are "
              + seen.stream().distinct().limit(20).collect(Collectors.joining(", "))
              + "; the last good checkpoint is "
              + checkpoints.latest().map(s -> checkpoints.of(s).toString()).orElse("none")
              + "; a lower --learning-rate or --max-grad-norm may help");
    }
    means.addNorm(norm);
    step = next;
  }

  /** Adds up the workers' gradients and goes one step. */
  private double update(long next) {
    double squares = 0;
    for (int part = 0; part < optimizers.size(); part++) {
      for (int worker = 1; worker < sums.size(); worker++) {
        optimizers.get(part).add(sums.get(0).get(part), sums.get(worker).get(part));
      }
      double norm = optimizers.get(part).norm(sums.get(0).get(part));
      squares += norm * norm;
    }
    double norm = Math.sqrt(squares);
    if (Double.isFinite(norm)) {
      AdamW.Step how = settings.step(next);
      for (int part = 0; part < optimizers.size(); part++) {
        optimizers.get(part).step(sums.get(0).get(part), next, how, norm);
      }
    }
    return norm;
  }

  /** The gradients of a batch, a part of it in each worker. */
  private Map<String, Double> gradients(
      long next, int accumulation, List<Example> batch, double share) {
    int workers = Math.min(sums.size(), batch.size());
    List<Future<Map<String, Double>>> parts = new ArrayList<>();
    for (int w = 0; w < workers; w++) {
      int worker = w;
      List<Example> some =
          batch.subList(batch.size() * w / workers, batch.size() * (w + 1) / workers);
      SplittableRandom random = draws.random(next, accumulation * sums.size() + w);
      parts.add(
          threads.submit(
              () -> {
                Threads.ofEachCall(Threads.all() / sums.size());
                try (TensorScope temporary = new TensorScope(sums.get(worker).get(0).device())) {
                  return learner.gradients(
                      temporary,
                      some,
                      random,
                      sums.get(worker),
                      share * some.size() / batch.size());
                }
              }));
    }
    Map<String, Double> losses = new LinkedHashMap<>();
    RuntimeException failure = null;
    for (int w = 0; w < workers; w++) {
      double part =
          (double) (batch.size() * (w + 1) / workers - batch.size() * w / workers) / batch.size();
      try {
        parts.get(w).get().forEach((name, loss) -> losses.merge(name, loss * part, Double::sum));
      } catch (ExecutionException e) {
        failure = e.getCause() instanceof RuntimeException r ? r : new IllegalStateException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        failure =
            new FluxSparkException(
                ErrorCode.INTERRUPTED, "training was stopped after step " + step);
      }
    }
    if (failure != null) {
      throw failure;
    }
    return losses;
  }

  @Override
  public void close() {
    threads.shutdown();
    awaitWorkers();
    opened.close();
  }

  /** Nothing may be freed that a worker still uses, also where this thread was interrupted. */
  private void awaitWorkers() {
    boolean isInterrupted = false;
    boolean isDone = false;
    while (!isDone) {
      try {
        isDone = threads.awaitTermination(1, TimeUnit.HOURS);
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sums of what steps gave. */
  private static final class Means {
    private final Map<String, Double> losses = new LinkedHashMap<>();
    private final long start = System.nanoTime();
    private double norms;
    private double last;
    private int steps;

    void add(Map<String, Double> more, double share) {
      more.forEach((name, loss) -> losses.merge(name, loss * share, Double::sum));
      last = more.get("loss");
    }

    void addNorm(double norm) {
      norms += norm;
      steps++;
    }

    double last() {
      return last;
    }

    TrainingLog.Line line(long step, double learningRate, int pictures) {
      Map<String, Double> means = new LinkedHashMap<>();
      losses.forEach((name, sum) -> means.put(name, sum / steps));
      double seconds = (System.nanoTime() - start) / 1e9;
      return new TrainingLog.Line(
          step, means, norms / steps, learningRate, steps * pictures / seconds);
    }
  }
}
