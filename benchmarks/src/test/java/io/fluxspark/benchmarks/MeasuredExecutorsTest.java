package io.fluxspark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.fluxspark.request.Bucket;
import io.fluxspark.request.StepRange;
import io.fluxspark.request.Task;
import io.fluxspark.spark.TaskSizes;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The simulation beside a run that was measured, by {@code python/executors.py}. */
class MeasuredExecutorsTest {
  private static final int PICTURES = 96;
  private static final int PICTURES_A_PORTION = 16;
  private static final Workload WORKLOAD =
      new Workload(
          "measured",
          List.of(
              new Bucket(128, 128, 4, 64, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false)),
          4);

  /**
   * @param picture seconds of one in the model
   * @param load seconds of an executor's first task beside its pictures
   * @param task seconds of each other one beside its pictures
   * @param span seconds from the first task's start to the last one's end
   */
  @ParameterizedTest
  @CsvSource({"1, 0.360, 2.667, 0.128, 38.604", "2, 0.398, 3.258, 0.153, 24.559"})
  void takesAsLong(int executors, double picture, double load, double task, double span) {
    ClusterModel model =
        new ClusterModel(
            new ClusterModel.Picture(Double.MIN_VALUE, picture, 0, 0.16, 0),
            new ClusterModel.Task(0.003, task, 0, 1e12),
            new ClusterModel.Portion(0, 0.03, 0),
            new ClusterModel.Run(0, 0, 0, load - task, 0),
            new ClusterModel.Gpus(0, 0, 1),
            new ClusterModel.Losses(0, 0, 0, 0, 0, 0));
    SimulatedTasks tasks =
        SimulatedTasks.of(
            WORKLOAD,
            PICTURES,
            executors,
            TaskSizes.ofCluster(executors).withImagesAPortion(PICTURES_A_PORTION),
            model);

    RunOutcome run = SimulatedRun.of(model, tasks, executors, Optional.empty(), 0);

    assertThat(run.rows()).isEqualTo(PICTURES);
    assertThat(run.seconds()).isCloseTo(span, withinPercentage(5));
  }
}
