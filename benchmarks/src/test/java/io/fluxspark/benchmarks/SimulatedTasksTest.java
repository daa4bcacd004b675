package io.fluxspark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluxspark.request.Bucket;
import io.fluxspark.request.StepRange;
import io.fluxspark.request.Task;
import io.fluxspark.spark.TaskSizes;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulatedTasksTest {
  private static final Bucket USUAL =
      new Bucket(1024, 1024, 28, 512, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);
  private static final double MEGAPIXELS = 1.048576;

  @Test
  void aPictureIsItsTextItsStepsAndItsDecoding() {
    ClusterModel.Picture picture = new ClusterModel.Picture(0.25, 0.5, 2, 0, 0);
    assertThat(Workload.gpuSeconds(USUAL, picture))
        .isCloseTo(0.5 + 28 * 0.25 + 2 * MEGAPIXELS, within(1e-9));
    Bucket smaller =
        new Bucket(512, 512, 28, 512, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);
    double share = 602.0 / 2082; // TFLOP, as docs/sizing.md has them
    assertThat(Workload.gpuSeconds(smaller, picture))
        .isCloseTo(0.5 + 28 * 0.25 * share + 2 * MEGAPIXELS / 4, within(0.01));
  }

  @Test
  void filesAreWrittenBesideTheNextBatch() {
    // 7 seconds on the GPU a picture, batches of 4, 4 and 2
    ClusterModel model = model(0.25, 1);
    SimulatedTasks tasks = one(new Workload("t", List.of(USUAL), 4), 10, model);
    assertThat(tasks.gpuSeconds()[0]).isCloseTo(70, within(1e-9));
    assertThat(tasks.otherSeconds()[0])
        .as("the last two files, one a thread, after the last batch")
        .isCloseTo(1 * MEGAPIXELS, within(1e-9));
  }

  @Test
  void slowFilesHoldTheModelUp() {
    // 0.28 seconds on the GPU a picture, one second a file: batches of one use one thread.
    ClusterModel model = model(0.01, 1);
    SimulatedTasks tasks = one(new Workload("t", List.of(USUAL), 1), 10, model);
    assertThat(tasks.gpuSeconds()[0]).isCloseTo(2.8, within(1e-9));
    assertThat(tasks.gpuSeconds()[0] + tasks.otherSeconds()[0])
        .as("the first picture, and ten files")
        .isCloseTo(0.28 + 10 * MEGAPIXELS, within(1e-9));
  }

  @Test
  void theRestOfAFileIsUploadedAtTheEnd() {
    ClusterModel model =
        new ClusterModel(
            new ClusterModel.Picture(0.25, 0, 0, 0, 1),
            new ClusterModel.Task(0, 3, 5, MEGAPIXELS * 1e6),
            new ClusterModel.Portion(0, 0, 0),
            new ClusterModel.Run(0, 0, 0, 0, 0),
            new ClusterModel.Gpus(0, 0, 1),
            new ClusterModel.Losses(0, 0, 0, 0, 0, 0));
    assertThat(one(Workload.DEV, 10, model).otherSeconds()[0]).isCloseTo(3 + 5 + 10, within(1e-9));
    assertThat(one(Workload.DEV, 200, model).otherSeconds()[0])
        .as("a row group")
        .isCloseTo(3 + 5 + 96, within(1e-9));
  }

  @Test
  void allPicturesOfAllBucketsAreInATask() {
    ClusterModel model = model(0.25, 0.5);
    SimulatedTasks tasks =
        SimulatedTasks.of(Workload.MIXED, 100_003, 10, TaskSizes.ofCluster(10), model);

    assertThat(tasks.allRows()).isEqualTo(100_003);
    double seconds =
        Workload.MIXED.counts(100_003).stream()
            .mapToDouble(
                bucket -> bucket.count() * Workload.gpuSeconds(bucket.bucket(), model.picture()))
            .sum();
    assertThat(Arrays.stream(tasks.gpuSeconds()).sum()).isCloseTo(seconds, within(1e-3));
    assertThat(tasks.portions()).isGreaterThan(1);
    assertThat(tasks.portionStarts()[tasks.portions()]).isEqualTo(tasks.count());
    assertThat(tasks.otherSeconds()).doesNotContain(0);
  }

  private static SimulatedTasks one(Workload workload, long images, ClusterModel model) {
    TaskSizes sizes = new TaskSizes(images, Double.POSITIVE_INFINITY, 1, 1000, 0);
    SimulatedTasks tasks = SimulatedTasks.of(workload, images, 1, sizes, model);
    assertThat(tasks.count()).isEqualTo(1);
    return tasks;
  }

  private static ClusterModel model(double step, double encodePerMegapixel) {
    return new ClusterModel(
        new ClusterModel.Picture(step, 0, 0, encodePerMegapixel, 0),
        new ClusterModel.Task(0, 0, 0, 1),
        new ClusterModel.Portion(0, 0, 0),
        new ClusterModel.Run(0, 0, 0, 0, 0),
        new ClusterModel.Gpus(0, 0, 1),
        new ClusterModel.Losses(0, 0, 0, 0, 0, 0));
  }
}
