package io.fluxspark.benchmarks;

import io.fluxspark.benchmarks.RunOutcome.Use;
import io.fluxspark.spark.TaskSizes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;

/**
 * Runs on clusters of up to 1,000 GPUs, simulated with the stage times of {@value #FILE}: prints
 * what they take, what is lost, and which sizes of tasks and portions take the least GPU time.
 * Numbers are means of several runs with other GPUs and other losses.
 */
public final class ClusterSimulation {
  private static final String FILE = "cluster-simulation.json";
  private static final List<Workload> WORKLOADS =
      List.of(Workload.DEV, Workload.SCHNELL, Workload.MIXED);
  private static final int[] CLUSTERS = {1, 10, 100, 1000};
  private static final long[] TABLES = {10_000, 1_000_000, 10_000_000};
  private static final int[] ROWS_A_GPU = {100, 1000, 10_000};
  private static final double[] LOSSES = {0, 2e-5, 1e-3, 0.01, 0.1};
  private static final double[] FACTORS = {0.25, 4};

  /** What the sweep tries: usual pictures (or their work) a GPU and portion, and tasks of these. */
  private static final int[] PORTIONS = {25, 50, 100, 200, 400, 1000};

  private static final int[] TASKS = {1, 2, 4, 8, 16};

  private static final double USUAL_COST = 1024 * 1024 * 28;
  private static final int LOSSES_GPUS = 100;
  private static final int SENSITIVITY_GPUS = 100;
  private static final long SENSITIVITY_ROWS = 300_000;

  private final ModelFile file;
  private final ClusterModel model;

  private ClusterSimulation(ModelFile file) {
    this.file = file;
    this.model = file.model();
  }

  /** Prints all tables, as Markdown. */
  public static void main(String[] arguments) throws IOException {
    ClusterSimulation simulation = new ClusterSimulation(ModelFile.read(Path.of(FILE)));
    simulation.printClusters();
    simulation.printLosses();
    simulation.printSpeculation();
    simulation.printDefaults();
    simulation.printSweeps();
    simulation.printSensitivity();
  }

  /** Fewer where many GPUs even out what is random. */
  private static int runs(int gpus) {
    return gpus == 1 ? 100 : gpus <= 10 ? 20 : gpus <= 100 ? 6 : 3;
  }

  private static List<RunOutcome> runs(
      ClusterModel model, Workload workload, long rows, int gpus, TaskSizes sizes) {
    return runs(model, workload, rows, gpus, sizes, Optional.empty());
  }

  private static List<RunOutcome> runs(
      ClusterModel model,
      Workload workload,
      long rows,
      int gpus,
      TaskSizes sizes,
      Optional<Speculation> speculation) {
    SimulatedTasks tasks = SimulatedTasks.of(workload, rows, gpus, sizes, model);
    return LongStream.range(0, runs(gpus))
        .mapToObj(seed -> SimulatedRun.of(model, tasks, gpus, speculation, seed))
        .toList();
  }

  private static double mean(List<RunOutcome> runs, ToDoubleFunction<RunOutcome> number) {
    return runs.stream().mapToDouble(number).average().getAsDouble();
  }

  /** GPU time of all runs together, of which the pictures take 1. */
  private static double gpuTime(
      ClusterModel model, Workload workload, long rows, int gpus, TaskSizes sizes) {
    return mean(runs(model, workload, rows, gpus, sizes), run -> 1 / run.utilisation());
  }

  private void printClusters() {
    title("Runs of FLUX.1-dev, 1024 x 1024, 28 steps, with the default sizes");
    System.out.println(
        "| GPUs | rows | hours | utilisation | start, loading | tasks | repeated | tail | away | rows"
            + " repeated |");
    System.out.println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (int gpus : CLUSTERS) {
      for (long rows : TABLES) {
        List<RunOutcome> runs = runs(model, Workload.DEV, rows, gpus, TaskSizes.ofCluster(gpus));
        print(
            "| %,d | %,d | %,.1f | %.1f %% | %.1f %% | %.2f %% | %.2f %% | %.2f %% | %.2f %% | %,.0f |%n",
            gpus,
            rows,
            mean(runs, RunOutcome::hours),
            percent(runs, Use.PICTURES),
            percent(runs, Use.STARTING) + percent(runs, Use.LOADING),
            percent(runs, Use.TASKS),
            percent(runs, Use.REPEATED),
            percent(runs, Use.TAIL),
            percent(runs, Use.AWAY),
            mean(runs, RunOutcome::rowsRepeated));
      }
    }
  }

  private static double percent(List<RunOutcome> runs, Use use) {
    return 100 * mean(runs, run -> run.share(use));
  }

  private void printLosses() {
    title("A million such rows on " + LOSSES_GPUS + " GPUs, by how many executors are lost");
    System.out.println(
        "| lost an hour and GPU | lost | utilisation | repeated | away | rows repeated | losses of one"
            + " task, at most |");
    System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
    for (double rate : LOSSES) {
      List<RunOutcome> runs =
          runs(
              file.with("losses.executors_per_gpu_hour", rate).model(),
              Workload.DEV,
              1_000_000,
              LOSSES_GPUS,
              TaskSizes.ofCluster(LOSSES_GPUS));
      print(
          "| %s | %.0f | %.1f %% | %.2f %% | %.2f %% | %,.0f | %d |%n",
          rate == 0 ? "0" : rate < 1e-3 ? String.format(Locale.ROOT, "%.5f", rate) : rate,
          mean(runs, RunOutcome::executorsLost),
          percent(runs, Use.PICTURES),
          percent(runs, Use.REPEATED),
          percent(runs, Use.AWAY),
          mean(runs, RunOutcome::rowsRepeated),
          runs.stream().mapToInt(RunOutcome::mostLosses).max().getAsInt());
    }
  }

  private void printSpeculation() {
    title("Speculation, 100,000 such rows on 100 GPUs, by how slow each hundredth GPU is");
    System.out.println("| slow GPUs take | utilisation without | with |");
    System.out.println("| --- | --- | --- |");
    for (double factor : new double[] {1.5, 4, 10}) {
      ClusterModel slow = file.with("gpus.slow_factor", factor).model();
      print("| %s times as long |", factor);
      for (Optional<Speculation> how :
          List.<Optional<Speculation>>of(Optional.empty(), Optional.of(Speculation.DEFAULT))) {
        List<RunOutcome> runs =
            runs(slow, Workload.DEV, 100_000, 100, TaskSizes.ofCluster(100), how);
        print(" %.1f %% |", percent(runs, Use.PICTURES));
      }
      System.out.println();
    }
  }

  private void printDefaults() {
    title("GPU time beyond what the pictures take, in per cent of that");
    System.out.println(
        "| rows | GPUs | rows a GPU | 100 pictures a portion and GPU, 4 tasks | default | best of the"
            + " sweep |");
    System.out.println("| --- | --- | --- | --- | --- | --- |");
    for (Workload workload : WORKLOADS) {
      for (int gpus : CLUSTERS) {
        for (int rows : ROWS_A_GPU) {
          long all = (long) rows * gpus;
          print(
              "| %s | %,d | %,d | %.1f | %.1f | %.1f |%n",
              workload.name(),
              gpus,
              rows,
              100 * (gpuTime(model, workload, all, gpus, counted(gpus)) - 1),
              100 * (gpuTime(model, workload, all, gpus, TaskSizes.ofCluster(gpus)) - 1),
              100 * (best(sweep(model, workload, all, gpus)).gpuTime() - 1));
        }
      }
    }
  }

  /** Pictures are counted, whatever they cost, and all tasks are alike. */
  private static TaskSizes counted(int gpus) {
    return new TaskSizes(
        Math.max(1000, 100L * gpus), Double.POSITIVE_INFINITY, 4, 256, Double.POSITIVE_INFINITY);
  }

  /** One size of the sweep, and the GPU time of its runs. */
  private record Swept(int usualImages, int tasks, double gpuTime) {}

  private static List<Swept> sweep(ClusterModel model, Workload workload, long rows, int gpus) {
    List<Swept> all = new ArrayList<>();
    for (int images : PORTIONS) {
      for (int tasks : TASKS) {
        TaskSizes sizes =
            new TaskSizes(
                10L * images * gpus,
                images * USUAL_COST * gpus,
                tasks,
                Integer.MAX_VALUE,
                TaskSizes.ofCluster(gpus).leastCostATask());
        all.add(new Swept(images, tasks, gpuTime(model, workload, rows, gpus, sizes)));
      }
    }
    return all;
  }

  private static Swept best(List<Swept> all) {
    return all.stream().min((one, other) -> Double.compare(one.gpuTime(), other.gpuTime())).get();
  }

  private void printSweeps() {
    for (Workload workload : List.of(Workload.DEV, Workload.SCHNELL)) {
      for (int gpus : CLUSTERS) {
        for (int rows : new int[] {1000, 10_000}) {
          title(
              String.format(
                  Locale.ROOT,
                  "%s, %,d rows on %,d GPUs: GPU time above the best, per cent",
                  workload.name(),
                  (long) rows * gpus,
                  gpus));
          List<Swept> all = sweep(model, workload, (long) rows * gpus, gpus);
          double best = best(all).gpuTime();
          System.out.print("| usual pictures a GPU |");
          Arrays.stream(TASKS)
              .forEach(tasks -> print(" %d task%s |", tasks, tasks == 1 ? "" : "s"));
          System.out.println("\n| --- |" + " --- |".repeat(TASKS.length));
          for (int images : PORTIONS) {
            print("| %,d |", images);
            all.stream()
                .filter(one -> one.usualImages() == images)
                .forEach(one -> print(" %.2f |", 100 * (one.gpuTime() / best - 1)));
            System.out.println();
          }
        }
      }
    }
  }

  private void printSensitivity() {
    title(
        String.format(
            Locale.ROOT,
            "GPU time of the default above the best of the sweep, per cent, where one number is"
                + " another: %,d rows on %d GPUs",
            SENSITIVITY_ROWS,
            SENSITIVITY_GPUS));
    System.out.println(
        "| number | a quarter: dev | best size | schnell | best size | four times: dev | best size |"
            + " schnell | best size |");
    System.out.println("| --- |" + " --- |".repeat(8));
    List<String> names = new ArrayList<>(file.names());
    names.removeIf(name -> file.origin(name).startsWith("published"));
    for (String name : names) {
      print("| `%s` |", name);
      for (double factor : FACTORS) {
        for (Workload workload : List.of(Workload.DEV, Workload.SCHNELL)) {
          printSensitivity(name, factor, workload);
        }
      }
      System.out.println();
    }
  }

  private void printSensitivity(String name, double factor, Workload workload) {
    ClusterModel other;
    try {
      other = file.with(name, file.value(name) * factor).model();
    } catch (IllegalArgumentException e) {
      System.out.print(" - | - |"); // no such cluster
      return;
    }
    Swept best = best(sweep(other, workload, SENSITIVITY_ROWS, SENSITIVITY_GPUS));
    double usual =
        gpuTime(
            other,
            workload,
            SENSITIVITY_ROWS,
            SENSITIVITY_GPUS,
            TaskSizes.ofCluster(SENSITIVITY_GPUS));
    print(
        " %.2f | %d in %d |", 100 * (usual / best.gpuTime() - 1), best.usualImages(), best.tasks());
  }

  private static void title(String text) {
    print("%n%s%n%n", text);
  }

  private static void print(String format, Object... arguments) {
    System.out.printf(Locale.ROOT, format, arguments);
  }
}
