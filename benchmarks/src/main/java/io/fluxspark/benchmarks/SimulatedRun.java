package io.fluxspark.benchmarks;

import io.fluxspark.benchmarks.RunOutcome.Use;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * One run, event by event: portions, two at a time, whose tasks go to free executors in order, the
 * earlier portion's first; executors that load the model for their first task, and that may be
 * lost; a driver that starts one task after the other, and that may be lost.
 *
 * <p>An executor is a place for one: who replaces a lost one has its number. There are events for
 * tasks and executors, none for pictures.
 */
final class SimulatedRun {
  /** As in a real run. */
  private static final int PORTIONS_IN_FLIGHT = 2;

  /** Spark looks more often, which tasks of minutes do not notice. */
  private static final double SPECULATION_LOOK_SECONDS = 5;

  private static final int NONE = -1;

  private final ClusterModel model;
  private final SimulatedTasks tasks;
  private final Optional<Speculation> speculation;
  private final Failures failures;
  private final Executor[] executors;
  private final Portion[] portions;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingDouble(Event::time).thenComparingLong(Event::number));
  private final Deque<Executor> idle = new ArrayDeque<>();
  private final List<Portion> active = new ArrayList<>();
  private final Map<Use, Double> gpuSeconds = new EnumMap<>(Use.class);
  private final byte[] losses;
  private long eventNumber;
  private double now;
  private double driverFree;
  private double recovery;
  private double attemptStart;
  private int runsLost;
  private boolean isPlanned;
  private int nextPortion;
  private int committed;
  private long committedRows;
  private double rowsRepeated;
  private int executorsLost;

  /** Something that will happen; of two at a time, what was planned first. */
  private record Event(double time, long number, Runnable action) {}

  private static final class Executor {
    private final double slowness;
    private boolean isLoaded;
    private boolean isAway;
    private int task = NONE;
    private double since;
    private double workStart;

    /** Events of an earlier life or launch are past. */
    private int life;

    private int launch;

    private Executor(double slowness) {
      this.slowness = slowness;
    }
  }

  private final class Portion {
    private final int number;
    private final int first;
    private final int end;
    private final Deque<Integer> returned = new ArrayDeque<>();
    private final List<Double> durations = new ArrayList<>();
    private int next;
    private int left;
    private double pictureSeconds;
    private long rows;
    private boolean isCommitted;

    private Portion(int number) {
      this.number = number;
      this.first = tasks.portionStarts()[number];
      this.end = tasks.portionStarts()[number + 1];
      reset();
    }

    private void reset() {
      returned.clear();
      durations.clear();
      next = first;
      left = end - first;
      pictureSeconds = 0;
      rows = 0;
    }

    private boolean has(int task) {
      return task >= first && task < end;
    }

    /** A task to be started, those that were lost first; {@link #NONE} where there is none. */
    private int take() {
      return returned.isEmpty() ? next < end ? next++ : NONE : returned.remove();
    }
  }

  private SimulatedRun(
      ClusterModel model,
      SimulatedTasks tasks,
      double[] slowness,
      Optional<Speculation> speculation,
      Failures failures) {
    this.model = model;
    this.tasks = tasks;
    this.speculation = speculation;
    this.losses = new byte[tasks.count()];
    this.failures = failures;
    this.executors = Arrays.stream(slowness).mapToObj(Executor::new).toArray(Executor[]::new);
    this.portions = new Portion[tasks.portions()];
    for (int i = 0; i < portions.length; i++) {
      portions[i] = new Portion(i);
    }
    for (Use use : Use.values()) {
      gpuSeconds.put(use, 0.0);
    }
  }

  /**
   * Runs to the end.
   *
   * @param gpus executors, each of which has one and runs one task at a time
   * @param seed of speeds and failures; the same one gives the same outcome
   */
  static RunOutcome of(
      ClusterModel model,
      SimulatedTasks tasks,
      int gpus,
      Optional<Speculation> speculation,
      long seed) {
    return of(
        model,
        tasks,
        model.gpus().slowness(gpus, seed),
        speculation,
        Failures.random(model.losses(), seed));
  }

  /**
   * Runs to the end.
   *
   * @param slowness what each GPU takes for what the usual one takes 1 for
   */
  static RunOutcome of(
      ClusterModel model,
      SimulatedTasks tasks,
      double[] slowness,
      Optional<Speculation> speculation,
      Failures failures) {
    if (slowness.length < 1 || tasks.count() < 1) {
      throw new IllegalArgumentException("a GPU and a task are needed");
    }
    return new SimulatedRun(model, tasks, slowness, speculation, failures).run();
  }

  private RunOutcome run() {
    startAttempt(0);
    while (committed < portions.length) {
      Event event = events.remove();
      now = event.time();
      event.action().run();
    }
    now += model.run().finishSeconds();
    for (Executor executor : executors) {
      add(executor.isAway ? Use.AWAY : Use.TAIL, now - executor.since);
    }
    int mostLosses = 0;
    for (byte of : losses) {
      mostLosses = Math.max(mostLosses, of);
    }
    return new RunOutcome(
        executors.length,
        now,
        gpuSeconds,
        committedRows,
        rowsRepeated,
        executorsLost,
        runsLost,
        mostLosses);
  }

  private void at(double time, Runnable action) {
    events.add(new Event(time, eventNumber++, action));
  }

  private void add(Use use, double seconds) {
    gpuSeconds.merge(use, seconds, Double::sum);
  }

  private void startAttempt(double pause) {
    attemptStart = now;
    isPlanned = false;
    double time = now + pause;
    long rows = tasks.allRows() - committedRows;
    at(time + model.run().untilPlanned(rows, executors.length), this::planned);
    double lost = time + failures.untilRunIsLost();
    if (lost < Double.POSITIVE_INFINITY) {
      at(lost, this::loseRun);
    }
    if (speculation.isPresent()) {
      at(time, this::look);
    }
  }

  private void planned() {
    isPlanned = true;
    for (Executor executor : executors) {
      add(Use.STARTING, now - attemptStart);
      arrive(executor);
    }
    nextPortion = 0;
    for (int i = 0; i < PORTIONS_IN_FLIGHT; i++) {
      beginPortion();
    }
  }

  private void beginPortion() {
    while (nextPortion < portions.length && portions[nextPortion].isCommitted) {
      nextPortion++;
    }
    if (nextPortion < portions.length) {
      Portion portion = portions[nextPortion++];
      double ready = now + recovery + model.portion().startSeconds();
      recovery = 0;
      at(
          ready,
          () -> {
            active.add(portion);
            active.sort(Comparator.comparingInt(one -> one.number));
            dispatch();
          });
    }
  }

  private void arrive(Executor executor) {
    executor.isAway = false;
    executor.isLoaded = false;
    executor.life++;
    executor.since = now;
    idle.add(executor);
    int life = executor.life;
    double lost = failures.untilExecutorIsLost();
    if (lost < Double.POSITIVE_INFINITY) {
      at(now + lost, () -> lose(executor, life));
    }
    dispatch();
  }

  private void dispatch() {
    while (!idle.isEmpty()) {
      int task = NONE;
      for (int i = 0; i < active.size() && task == NONE; i++) {
        task = active.get(i).take();
      }
      if (task == NONE) {
        return;
      }
      launch(idle.remove(), task);
    }
  }

  private void launch(Executor executor, int task) {
    add(Use.TAIL, now - executor.since);
    executor.since = now;
    executor.task = task;
    executor.launch++;
    driverFree = Math.max(driverFree, now) + model.task().driverSeconds();
    double load = executor.isLoaded ? 0 : model.run().modelLoadSeconds();
    executor.workStart = driverFree + load;
    double pictures = tasks.gpuSeconds()[task] * executor.slowness;
    int launch = executor.launch;
    at(
        executor.workStart + pictures + tasks.otherSeconds()[task],
        () -> {
          if (executor.launch == launch) {
            end(executor, load, pictures);
          }
        });
  }

  private void end(Executor executor, double load, double pictures) {
    Portion portion = portionOf(executor.task);
    int task = executor.task;
    double duration = now - executor.since;
    free(executor);
    executor.isLoaded = true;
    add(Use.LOADING, load);
    add(Use.TASKS, duration - load - pictures);
    if (speculation.isPresent()) {
      portion.durations.add(duration);
    }
    portion.pictureSeconds += pictures;
    portion.rows += tasks.rows()[task];
    portion.left--;
    for (Executor other : speculation.isPresent() ? executors : new Executor[0]) {
      if (other.task == task) {
        add(Use.REPEATED, now - other.since);
        other.isLoaded |= now > other.workStart;
        free(other);
      }
    }
    if (portion.left == 0) {
      active.remove(portion);
      double commit =
          model.portion().commitSeconds()
              + model.portion().commitSecondsPerFile() * (portion.end - portion.first);
      at(now + commit, () -> commit(portion));
    }
    dispatch();
  }

  private void free(Executor executor) {
    executor.task = NONE;
    executor.launch++;
    executor.since = now;
    idle.add(executor);
  }

  private Portion portionOf(int task) {
    for (Portion portion : active) {
      if (portion.has(task)) {
        return portion;
      }
    }
    throw new IllegalStateException("task " + task + " runs in no portion");
  }

  private void commit(Portion portion) {
    portion.isCommitted = true;
    committed++;
    committedRows += portion.rows;
    add(Use.PICTURES, portion.pictureSeconds);
    beginPortion();
  }

  private void lose(Executor executor, int life) {
    if (executor.life != life) {
      return;
    }
    executorsLost++;
    int task = executor.task;
    if (task == NONE) {
      add(Use.TAIL, now - executor.since);
      idle.remove(executor);
    } else {
      giveUp(executor);
      boolean isElsewhere = Arrays.stream(executors).anyMatch(other -> other.task == task);
      if (!isElsewhere) {
        Portion portion = portionOf(task);
        at(
            now + model.losses().noticedSeconds(),
            () -> {
              portion.returned.add(task);
              dispatch();
            });
      }
    }
    executor.isAway = true;
    executor.life++;
    executor.since = now;
    recovery = model.losses().recoverySeconds();
    at(now + model.losses().replacedSeconds(), () -> returnTo(executor));
  }

  private void returnTo(Executor executor) {
    add(Use.AWAY, now - executor.since);
    arrive(executor);
  }

  /** What a task made so far is lost. */
  private void giveUp(Executor executor) {
    int task = executor.task;
    double whole = tasks.gpuSeconds()[task] * executor.slowness;
    double made = whole == 0 ? 0 : Math.max(0, Math.min(1, (now - executor.workStart) / whole));
    add(Use.REPEATED, now - executor.since);
    rowsRepeated += made * tasks.rows()[task];
    losses[task]++;
    executor.task = NONE;
    executor.launch++;
  }

  private void loseRun() {
    runsLost++;
    events.clear();
    for (Executor executor : executors) {
      if (!isPlanned) {
        add(Use.STARTING, now - attemptStart);
      } else if (executor.isAway) {
        add(Use.AWAY, now - executor.since);
      } else if (executor.task == NONE) {
        add(Use.TAIL, now - executor.since);
      } else {
        giveUp(executor);
      }
      executor.isAway = false;
      executor.life++;
    }
    for (Portion portion : portions) {
      if (!portion.isCommitted) {
        add(Use.REPEATED, portion.pictureSeconds);
        rowsRepeated += portion.rows;
        portion.reset();
      }
    }
    idle.clear();
    active.clear();
    recovery = 0;
    driverFree = now;
    startAttempt(model.losses().restartSeconds());
  }

  /** Starts second copies, where executors are idle. */
  private void look() {
    Speculation how = speculation.get();
    for (Portion portion : List.copyOf(active)) {
      int all = portion.end - portion.first;
      if (idle.isEmpty() || portion.durations.size() < how.quantile() * all) {
        continue;
      }
      double[] sorted = portion.durations.stream().mapToDouble(one -> one).sorted().toArray();
      double most = how.multiplier() * sorted[sorted.length / 2];
      for (Executor slow : executors) {
        boolean isSlow = portion.has(slow.task) && now - slow.since > most;
        if (isSlow && !idle.isEmpty() && copies(slow.task) == 1) {
          launch(idle.remove(), slow.task);
        }
      }
    }
    at(now + SPECULATION_LOOK_SECONDS, this::look);
  }

  private long copies(int task) {
    return Arrays.stream(executors).filter(executor -> executor.task == task).count();
  }
}
