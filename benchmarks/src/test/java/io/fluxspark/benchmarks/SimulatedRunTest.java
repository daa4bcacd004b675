package io.fluxspark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.fluxspark.benchmarks.RunOutcome.Use;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedRunTest {
  private static final double NEVER = Double.POSITIVE_INFINITY;
  private static final ClusterModel.Picture PICTURE = new ClusterModel.Picture(1, 0, 0, 0, 0);
  private static final ClusterModel.Gpus ALIKE = new ClusterModel.Gpus(0, 0, 1);
  private static final ClusterModel.Losses NO_LOSSES = new ClusterModel.Losses(0, 10, 50, 0, 0, 30);

  /** Pictures alone take time. */
  private static final ClusterModel FREE = model(0, 0, 0, 0, 0);

  @Test
  void oneGpuTakesTheSumOfEverything() {
    ClusterModel model = model(0.5, 2, 8, 20, 3);
    SimulatedTasks tasks = tasks(new int[] {0, 2, 3}, 10, 20, 30);

    RunOutcome run = run(model, tasks, 1, losses());

    double perTask = 0.5 + 1;
    double planned = 100;
    double lastCommit = 8 + 1;
    assertThat(run.seconds())
        .isCloseTo(planned + 2 + 20 + 60 + 3 * perTask + lastCommit + 3, within(1e-9));
    assertThat(run.gpuSeconds())
        .containsEntry(Use.PICTURES, 60.0)
        .containsEntry(Use.TASKS, 3 * perTask)
        .containsEntry(Use.LOADING, 20.0)
        .containsEntry(Use.STARTING, planned)
        .containsEntry(Use.TAIL, 2 + lastCommit + 3)
        .containsEntry(Use.REPEATED, 0.0)
        .containsEntry(Use.AWAY, 0.0);
    assertThat(run.rows()).isEqualTo(60);
  }

  @ParameterizedTest
  @CsvSource({"1, 7", "3, 7", "4, 8", "10, 7", "100, 1000"})
  void equalTasksTakeRoundsOfAllGpus(int gpus, int count) {
    double[] seconds = new double[count];
    Arrays.fill(seconds, 10);

    RunOutcome run = run(FREE, otherless(new int[] {0, count}, seconds), gpus, losses());

    int rounds = (count + gpus - 1) / gpus;
    assertThat(run.seconds()).isCloseTo(100.0 + 10 * rounds, within(1e-9));
    assertThat(run.utilisation()).isCloseTo(10.0 * count / gpus / run.seconds(), within(1e-9));
    assertThat(run.gpuSeconds().get(Use.TAIL))
        .isCloseTo(10.0 * (rounds * gpus - count), within(1e-9));
  }

  @Test
  void theNextPortionFillsTheEndOfOne() {
    SimulatedTasks tasks = otherless(new int[] {0, 3, 6}, 10, 10, 10, 10, 10, 10);
    assertThat(run(FREE, tasks, 2, losses()).seconds()).isEqualTo(100 + 30.0);
  }

  @Test
  void thirdPortionsWaitForACommit() {
    // The third begins when the first is committed, 45 seconds after its end.
    ClusterModel model = model(0, 0, 40, 0, 0);
    SimulatedTasks tasks = otherless(new int[] {0, 1, 2, 3}, 10, 10, 10);
    assertThat(run(model, tasks, 1, losses()).seconds())
        .isCloseTo(100 + 10 + 45 + 10 + 45.0, within(1e-9));
  }

  @Test
  void oneDriverThreadStartsOneTaskAfterTheOther() {
    ClusterModel model = model(1, 0, 0, 0, 0);
    SimulatedTasks tasks = otherless(new int[] {0, 50}, new double[50]);
    assertThat(run(model, tasks, 10, losses()).seconds()).isGreaterThanOrEqualTo(150);
    SimulatedTasks longer = otherless(new int[] {0, 10}, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5);
    assertThat(run(model, longer, 10, losses()).seconds()).as("the last one begins").isEqualTo(115);
  }

  @Test
  void aLostExecutorsTaskIsMadeAgainFromItsStart() {
    ClusterModel model = model(0, 0, 0, 20, 0);
    SimulatedTasks tasks = otherless(new int[] {0, 3}, 100, 100, 100);

    // From 100 on, when all is planned:
    //   0: task 0 until 120, task 2 until 220
    //   1: task 1, lost at 60; noticed at 70; replaced at 110, loads, task 1 until 230
    RunOutcome run = run(model, tasks, 2, losses(NEVER, 60, NEVER));

    assertThat(run.seconds()).isEqualTo(100 + 230.0);
    assertThat(run.executorsLost()).isEqualTo(1);
    assertThat(run.mostLosses()).isEqualTo(1);
    assertThat(run.rowsRepeated()).as("40 of 100 seconds").isCloseTo(40, within(1e-9));
    assertThat(run.rows()).isEqualTo(300);
    assertThat(run.gpuSeconds())
        .containsEntry(Use.PICTURES, 300.0)
        .containsEntry(Use.REPEATED, 60.0)
        .containsEntry(Use.AWAY, 50.0)
        .containsEntry(Use.LOADING, 40.0)
        .containsEntry(Use.TAIL, 10.0);
  }

  @Test
  void othersMakeALostTaskWhereTheyAreFree() {
    SimulatedTasks tasks = otherless(new int[] {0, 2}, 30, 100);

    // 0: task 0 until 30, idle, task 1 from 70, when the loss is noticed, until 170.
    RunOutcome run = run(FREE, tasks, 2, losses(NEVER, 60, NEVER));

    assertThat(run.seconds()).isEqualTo(100 + 170.0);
  }

  @Test
  void aLostIdleExecutorCostsNoRows() {
    SimulatedTasks tasks = otherless(new int[] {0, 1}, 100);
    RunOutcome run = run(FREE, tasks, 2, losses(NEVER, 60, NEVER));
    assertThat(run.seconds()).isEqualTo(200);
    assertThat(run.rowsRepeated()).isZero();
    assertThat(run.gpuSeconds()).containsEntry(Use.AWAY, 40.0).containsEntry(Use.TAIL, 60.0);
  }

  @Test
  void aLostDriverTakesWhatIsNotCommitted() {
    SimulatedTasks tasks = otherless(new int[] {0, 1, 2, 3}, 10, 10, 10);
    ScriptedFailures failures = losses();
    failures.runs.add(100 + 25.0);

    // Two portions are committed and five seconds of the third are made; 30 until the next start.
    RunOutcome run = run(FREE, tasks, 1, failures);

    assertThat(run.seconds()).isEqualTo(125 + 30 + 100 + 10.0);
    assertThat(run.runsLost()).isEqualTo(1);
    assertThat(run.rows()).isEqualTo(30);
    assertThat(run.rowsRepeated()).isEqualTo(5);
    assertThat(run.gpuSeconds())
        .containsEntry(Use.PICTURES, 30.0)
        .containsEntry(Use.REPEATED, 5.0)
        .containsEntry(Use.STARTING, 230.0);
  }

  @Test
  void aSecondCopyEndsASlowTask() {
    double[] slowness = {1, 1, 20};
    double[] seconds = new double[30];
    Arrays.fill(seconds, 10);
    SimulatedTasks tasks = otherless(new int[] {0, 30}, seconds);

    RunOutcome without = SimulatedRun.of(FREE, tasks, slowness, Optional.empty(), losses());
    RunOutcome with =
        SimulatedRun.of(FREE, tasks, slowness, Optional.of(Speculation.DEFAULT), losses());

    assertThat(without.seconds()).isEqualTo(100 + 200.0);
    assertThat(with.seconds()).as("29 tasks on two, and a copy").isBetween(250.0, 255.0);
    assertThat(with.rows()).isEqualTo(300);
    assertThat(with.gpuSeconds().get(Use.PICTURES)).isEqualTo(300);
    assertThat(with.gpuSeconds().get(Use.REPEATED)).isBetween(150.0, 155.0);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void everyRowIsFinishedOnceAndEveryGpuSecondIsSomewhere(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int gpus = 1 + random.nextInt(30);
    int count = 1 + random.nextInt(500);
    double[] seconds = random.doubles(count, 1, 500).toArray();
    int middle = random.nextInt(count);
    int[] portions =
        middle == 0 ? new int[] {0, count} : new int[] {0, (middle + 1) / 2, middle, count};
    SimulatedTasks tasks = tasks(Arrays.stream(portions).distinct().toArray(), seconds);
    ClusterModel.Losses losses = new ClusterModel.Losses(1, 60, 300, 10, 0.5, 100);
    ClusterModel model =
        new ClusterModel(
            PICTURE,
            new ClusterModel.Task(0.1, 0, 0, 1),
            new ClusterModel.Portion(1, 2, 0.1),
            new ClusterModel.Run(60, 1, 1e-3, 30, 10),
            ALIKE,
            losses);

    for (Optional<Speculation> speculation :
        List.<Optional<Speculation>>of(Optional.empty(), Optional.of(new Speculation(0.5, 1.5)))) {
      RunOutcome run = SimulatedRun.of(model, tasks, gpus, speculation, seed);

      assertThat(run.rows()).isEqualTo(tasks.allRows());
      assertThat(run.gpuSeconds().get(Use.PICTURES))
          .as("no task is counted twice")
          .isCloseTo(Arrays.stream(seconds).sum(), within(1e-6));
      assertThat(run.gpuSeconds().values()).allMatch(use -> use >= 0);
      assertThat(run.gpuSeconds().values().stream().mapToDouble(use -> use).sum())
          .isCloseTo(gpus * run.seconds(), within(1e-6 * gpus * run.seconds()));
      assertThat(run.utilisation()).isBetween(0.0, 1.0);
      assertThat(SimulatedRun.of(model, tasks, gpus, speculation, seed)).isEqualTo(run);
    }
  }

  @Test
  void lossesCostUtilisation() {
    double[] seconds = new double[2000];
    Arrays.fill(seconds, 300);
    SimulatedTasks tasks = tasks(new int[] {0, 2000}, seconds);
    double before = 1;
    for (double rate : new double[] {0, 0.1, 1}) {
      ClusterModel.Losses losses = new ClusterModel.Losses(rate, 60, 300, 0, 0, 0);
      ClusterModel model =
          new ClusterModel(PICTURE, FREE.task(), FREE.portion(), FREE.run(), FREE.gpus(), losses);
      RunOutcome run = SimulatedRun.of(model, tasks, 20, Optional.empty(), 1);
      assertThat(run.utilisation()).isLessThan(before);
      before = run.utilisation();
    }
  }

  @Test
  void aClusterHasAGpu() {
    assertThatThrownBy(() -> run(FREE, tasks(new int[] {0, 1}, 1), 0, losses()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static RunOutcome run(
      ClusterModel model, SimulatedTasks tasks, int gpus, Failures failures) {
    double[] slowness = new double[gpus];
    Arrays.fill(slowness, 1);
    return SimulatedRun.of(model, tasks, slowness, Optional.empty(), failures);
  }

  /** A run starts with 100 seconds. */
  private static ClusterModel model(
      double driver, double portionStart, double commit, double load, double finish) {
    return new ClusterModel(
        PICTURE,
        new ClusterModel.Task(driver, 0, 0, 1),
        new ClusterModel.Portion(portionStart, commit, commit / 8),
        new ClusterModel.Run(100, 0, 0, load, finish),
        ALIKE,
        NO_LOSSES);
  }

  /** A row a second, and a second more for each task. */
  private static SimulatedTasks tasks(int[] portions, double... seconds) {
    SimulatedTasks tasks = otherless(portions, seconds);
    Arrays.fill(tasks.otherSeconds(), 1);
    return tasks;
  }

  /** A row a second. */
  private static SimulatedTasks otherless(int[] portions, double... seconds) {
    long[] rows = Arrays.stream(seconds).mapToLong(Math::round).toArray();
    return new SimulatedTasks(portions, rows, seconds, new double[seconds.length]);
  }

  /** Executors in the order in which they arrive; those of which nothing is said are never lost. */
  private static ScriptedFailures losses(double... seconds) {
    ScriptedFailures failures = new ScriptedFailures();
    Arrays.stream(seconds).forEach(failures.executors::add);
    return failures;
  }

  private static final class ScriptedFailures implements Failures {
    private final Deque<Double> executors = new ArrayDeque<>();
    private final Deque<Double> runs = new ArrayDeque<>();

    @Override
    public double untilExecutorIsLost() {
      return executors.isEmpty() ? NEVER : executors.remove();
    }

    @Override
    public double untilRunIsLost() {
      return runs.isEmpty() ? NEVER : runs.remove();
    }
  }
}
