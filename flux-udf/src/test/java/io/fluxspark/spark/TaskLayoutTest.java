package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.request.Bucket;
import io.fluxspark.request.StepRange;
import io.fluxspark.request.Task;
import io.fluxspark.spark.TaskLayout.BucketCount;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TaskLayoutTest {
  private static final Bucket SMALL =
      new Bucket(64, 64, 4, 64, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);
  private static final Bucket LARGE =
      new Bucket(1024, 1024, 28, 512, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);

  @Test
  void thereAreFourTasksASlotWhereThereAreEnoughBatches() {
    assertThat(layout(2, 3, 1000, new BucketCount(SMALL, 1000)).tasks()).isEqualTo(12);
    assertThat(layout(2, 3, 1000, new BucketCount(SMALL, 9)).tasks()).as("batches").isEqualTo(5);
  }

  @Test
  void nothingToDoIsNoPortion() {
    assertThat(layout(2, 3, 1000).portions()).isZero();
    assertThat(layout(2, 3, 1000).tasks()).isZero();
  }

  @Test
  void costlyPicturesAreFewerInATask() {
    TaskLayout layout = layout(1, 1, 1000, new BucketCount(SMALL, 100), new BucketCount(LARGE, 4));
    assertThat(sizes(layout)).containsExactly(101L, 1L, 1L, 1L);
  }

  @Test
  void tasksBecomeSmallerWhereTheRunEnds() {
    double cost = new BucketCount(SMALL, 1).imageCost();
    TaskSizes sizes = new TaskSizes(40, Double.POSITIVE_INFINITY, 2, 256, 3 * cost);
    TaskLayout layout = TaskLayout.of(List.of(new BucketCount(SMALL, 80)), 1, 2, sizes);

    // Two slots: a task has a quarter of what is left, but ten at most and three at least.
    assertThat(sizes(layout)).containsExactly(10L, 10L, 10L, 10L, 10L, 8L, 6L, 4L, 3L, 3L, 3L, 3L);
  }

  @Test
  void tasksThatAreSmallAnywayStayAsTheyAre() {
    TaskSizes sizes = new TaskSizes(1000, Double.POSITIVE_INFINITY, 2, 256, 1e12);
    TaskLayout layout = TaskLayout.of(List.of(new BucketCount(SMALL, 40)), 1, 2, sizes);
    assertThat(sizes(layout)).containsExactly(10L, 10L, 10L, 10L);
  }

  @Test
  void picturesThatCostNextToNothingAreInATaskToo() {
    Bucket none =
        new Bucket(16, 16, 4, 64, StepRange.NONE, Task.TEXT_TO_IMAGE, 4, "", false, false);
    Bucket huge =
        new Bucket(
            2048, 2048, 1000, 512, StepRange.all(1000), Task.TEXT_TO_IMAGE, 0, "", false, false);
    TaskSizes sizes = new TaskSizes(Long.MAX_VALUE, Double.POSITIVE_INFINITY, 2, 256, 0);
    List<BucketCount> buckets = List.of(new BucketCount(none, 300), new BucketCount(huge, 300));

    TaskLayout both = TaskLayout.of(buckets, 1, 4, sizes);
    TaskLayout nothing = TaskLayout.of(buckets.subList(0, 1), 1, 4, sizes);

    assertThat(sizes(both)).startsWith(256L).allMatch(size -> size > 0);
    assertThat(both.images(0)).isEqualTo(600);
    assertThat(nothing.images(0)).isEqualTo(300);
    assertThat(nothing.tasks()).isGreaterThanOrEqualTo(8);
  }

  @Test
  void aPortionEndsWhereItsWorkIsDone() {
    double cost = new BucketCount(LARGE, 1).imageCost();
    TaskSizes sizes = new TaskSizes(50, 4 * cost, 2, 256, 0);
    TaskLayout layout =
        TaskLayout.of(List.of(new BucketCount(SMALL, 100), new BucketCount(LARGE, 9)), 1, 1, sizes);

    assertThat(images(layout)).containsExactly(50L, 50L, 4L, 4L, 1L);
  }

  @Test
  void defaultsFollowTheClusterAndTheWork() {
    Bucket schnell =
        new Bucket(1024, 1024, 4, 256, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);
    assertThat(images(usual(1, new BucketCount(LARGE, 2500)))).containsExactly(1000L, 1000L, 500L);
    assertThat(images(usual(1, new BucketCount(schnell, 2500))))
        .containsExactly(1000L, 1000L, 500L);
    assertThat(images(usual(20, new BucketCount(LARGE, 5000))))
        .containsExactly(2000L, 2000L, 1000L);
    assertThat(images(usual(20, new BucketCount(schnell, 20_000)))).containsExactly(14_000L, 6000L);
    assertThat(images(usual(20, new BucketCount(SMALL, 30_000)))).containsExactly(20_000L, 10_000L);
    assertThat(sizes(usual(20, new BucketCount(LARGE, 5000))))
        .startsWith(50L, 50L)
        .endsWith(3L, 2L);
  }

  @Test
  void aNumberOfPicturesThatWasGivenCountsAlone() {
    TaskSizes sizes = TaskSizes.ofCluster(2).withImagesAPortion(7000);
    TaskLayout layout = TaskLayout.of(List.of(new BucketCount(LARGE, 8000)), 1, 2, sizes);
    assertThat(images(layout)).containsExactly(7000L, 1000L);
  }

  @Test
  void sizesOfNothingAreRefused() {
    assertThatThrownBy(() -> new TaskSizes(0, 1, 1, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new TaskSizes(1, 0, 1, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new TaskSizes(1, 1, 1, 1, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void guidanceWithANegativePromptCostsTwice() {
    Bucket twice =
        new Bucket(64, 64, 4, 64, StepRange.all(4), Task.TEXT_TO_IMAGE, 0, "", false, false);
    TaskLayout layout = layout(1, 1, 1000, new BucketCount(SMALL, 8), new BucketCount(twice, 8));
    assertThat(sizes(layout)).containsExactly(6L, 4L, 3L, 3L);
  }

  @Property(tries = 300)
  void tasksAreRunsOfWholeBatchesAndPortionsOfWholeTasks(
      @ForAll("buckets") List<BucketCount> buckets,
      @ForAll @IntRange(min = 1, max = 9) int batchSize,
      @ForAll @IntRange(min = 1, max = 40) int slots,
      @ForAll("sizes") TaskSizes sizes) {
    TaskLayout layout = TaskLayout.of(buckets, batchSize, slots, sizes);
    Set<Long> batchStarts = new HashSet<>();
    batches(buckets, batchSize).forEach(batch -> batchStarts.add(batch.first()));

    for (int task = 0; task < layout.tasks(); task++) {
      assertThat(batchStarts).contains(layout.taskStarts()[task]);
    }
    assertThat(sizes(layout))
        .allMatch(size -> size > 0 && size <= Math.max(batchSize, sizes.mostImagesATask()));
    long images = 0;
    for (int portion = 0; portion < layout.portions(); portion++) {
      assertThat(layout.firstTask(portion)).isLessThan(layout.firstTask(portion + 1));
      assertThat(layout.images(portion)).isBetween(1L, Math.max(sizes.imagesAPortion(), batchSize));
      images += layout.images(portion);
    }
    assertThat(layout.firstTask(0)).isZero();
    assertThat(layout.firstTask(layout.portions())).isEqualTo(layout.tasks());
    assertThat(images).isEqualTo(buckets.stream().mapToLong(BucketCount::count).sum());
  }

  @Property(tries = 300)
  void noTaskCostsMoreThanItsShareAndOneBatch(
      @ForAll("buckets") List<BucketCount> buckets,
      @ForAll @IntRange(min = 1, max = 9) int batchSize,
      @ForAll @IntRange(min = 1, max = 40) int slots,
      @ForAll @IntRange(min = 1, max = 9) int tasksASlot) {
    TaskSizes sizes = new TaskSizes(Long.MAX_VALUE, Double.POSITIVE_INFINITY, tasksASlot, 256, 0);
    TaskLayout layout = TaskLayout.of(buckets, batchSize, slots, sizes);
    long[] starts = layout.taskStarts();
    double[] costs = new double[layout.tasks()];
    double all = 0;
    double largest = 0;
    List<Batch> batches = batches(buckets, batchSize);
    for (Batch batch : batches) {
      int found = Arrays.binarySearch(starts, batch.first());
      costs[found >= 0 ? found : -found - 2] += batch.cost();
      all += batch.cost();
      largest = Math.max(largest, batch.cost());
    }
    int wanted = Math.min(slots * tasksASlot, batches.size());
    for (double cost : costs) {
      assertThat(cost).isLessThanOrEqualTo((all / wanted + largest) * (1 + 1e-9));
    }
  }

  private static TaskLayout usual(int slots, BucketCount bucket) {
    return TaskLayout.of(List.of(bucket), 1, slots, TaskSizes.ofCluster(slots));
  }

  /** How many pictures each portion has. */
  private static List<Long> images(TaskLayout layout) {
    return IntStream.range(0, layout.portions()).mapToObj(layout::images).toList();
  }

  /** How many pictures each task has. */
  private static List<Long> sizes(TaskLayout layout) {
    List<Long> sizes = new ArrayList<>();
    for (int task = 0; task < layout.tasks(); task++) {
      sizes.add(layout.taskStarts()[task + 1] - layout.taskStarts()[task]);
    }
    return sizes;
  }

  private record Batch(long first, long end, double cost) {}

  /** Batches from the start of each bucket, whatever the tasks are. */
  private static List<Batch> batches(List<BucketCount> buckets, int batchSize) {
    List<Batch> batches = new ArrayList<>();
    long bucketStart = 0;
    for (BucketCount bucket :
        buckets.stream().sorted(Comparator.comparing(BucketCount::bucket)).toList()) {
      double pixels = (double) bucket.bucket().height() * bucket.bucket().width();
      double steps = bucket.bucket().transformerCalls();
      long end = bucketStart + bucket.count();
      for (long first = bucketStart; first < end; first += batchSize) {
        long next = Math.min(end, first + batchSize);
        batches.add(new Batch(first, next, (next - first) * pixels * steps));
      }
      bucketStart = end;
    }
    return batches;
  }

  @Provide
  Arbitrary<TaskSizes> sizes() {
    Arbitrary<Double> costs = Arbitraries.doubles().between(1e6, 1e12);
    return Combinators.combine(
            Arbitraries.longs().between(1, 500),
            costs,
            Arbitraries.integers().between(1, 9),
            Arbitraries.integers().between(1, 300),
            costs)
        .as(TaskSizes::new);
  }

  @Provide
  Arbitrary<List<BucketCount>> buckets() {
    Arbitrary<Integer> sizes = Arbitraries.integers().between(1, 128).map(n -> 16 * n);
    Arbitrary<Bucket> buckets =
        Combinators.combine(
                sizes,
                sizes,
                Arbitraries.integers().between(1, 50),
                Arbitraries.of(64, 512),
                Arbitraries.of(true, false),
                Arbitraries.of(Task.values()),
                Arbitraries.of(0),
                Arbitraries.of("", "0f*1.0"))
            .as(
                (height, width, steps, length, trueCfg, task, first, lora) ->
                    new Bucket(
                        height,
                        width,
                        steps,
                        length,
                        trueCfg ? StepRange.all(steps) : StepRange.NONE,
                        task,
                        first,
                        lora,
                        length < 512,
                        length < 512));
    return Combinators.combine(buckets, Arbitraries.longs().between(1, 300))
        .as(BucketCount::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(6)
        .uniqueElements(BucketCount::bucket);
  }

  private static TaskLayout layout(
      int batchSize, int slots, long imagesAPortion, BucketCount... buckets) {
    return TaskLayout.of(List.of(buckets), batchSize, slots, fourASlot(imagesAPortion));
  }

  /** All as large as the others. */
  private static TaskSizes fourASlot(long imagesAPortion) {
    return new TaskSizes(
        imagesAPortion, Double.POSITIVE_INFINITY, 4, 256, Double.POSITIVE_INFINITY);
  }
}
