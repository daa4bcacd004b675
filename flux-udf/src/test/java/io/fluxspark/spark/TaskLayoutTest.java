package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.request.Bucket;
import io.fluxspark.spark.ImageTasks.BucketCount;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TaskLayoutTest {
  private static final Bucket SMALL = new Bucket(64, 64, 4, 64, false);
  private static final Bucket LARGE = new Bucket(1024, 1024, 28, 512, false);

  @Test
  void thereAreFourTasksASlotWhereThereAreEnoughBatches() {
    assertThat(layout(2, 3, new BucketCount(SMALL, 1000)).tasks()).isEqualTo(12);
    assertThat(layout(2, 3, new BucketCount(SMALL, 9)).tasks()).as("5 batches").isEqualTo(5);
    assertThat(layout(2, 3).tasks()).as("nothing to do").isEqualTo(1);
  }

  @Test
  void thereAreMoreTasksThanSlotsNeedWhereTheyWouldGetTooManyPictures() {
    assertThat(layout(4, 1, new BucketCount(SMALL, 100_000)).tasks()).isEqualTo(391);
  }

  @Test
  void costlyPicturesAreFewerInATask() {
    TaskLayout layout = layout(1, 1, new BucketCount(SMALL, 100), new BucketCount(LARGE, 4));
    assertThat(layout.taskOf(0)).isZero();
    assertThat(layout.taskOf(99)).as("all small ones cost less than a large one").isZero();
    assertThat(List.of(layout.taskOf(101), layout.taskOf(102), layout.taskOf(103)))
        .containsExactly(1, 2, 3);
  }

  @Test
  void guidanceWithANegativePromptCostsTwice() {
    Bucket twice = new Bucket(64, 64, 4, 64, true);
    TaskLayout layout = layout(1, 1, new BucketCount(SMALL, 8), new BucketCount(twice, 8));
    List<Integer> sizes = new ArrayList<>(List.of(0, 0, 0, 0));
    for (int position = 0; position < 16; position++) {
      sizes.set(layout.taskOf(position), sizes.get(layout.taskOf(position)) + 1);
    }
    assertThat(sizes).containsExactly(6, 4, 3, 3);
  }

  @Property(tries = 300)
  void tasksAreContiguousRunsOfWholeBatches(
      @ForAll("buckets") List<BucketCount> buckets,
      @ForAll @IntRange(min = 1, max = 9) int batchSize,
      @ForAll @IntRange(min = 1, max = 40) int slots) {
    TaskLayout layout = TaskLayout.of(buckets, batchSize, slots);
    assertThat(layout.tasks()).isPositive();
    int last = 0;
    for (Batch batch : batches(buckets, batchSize)) {
      int task = layout.taskOf(batch.first());
      assertThat(task).isBetween(last, layout.tasks() - 1);
      for (long position = batch.first(); position < batch.end(); position++) {
        assertThat(layout.taskOf(position)).as("position %d", position).isEqualTo(task);
      }
      last = task;
    }
  }

  @Property(tries = 300)
  void noTaskCostsMoreThanItsShareAndOneBatch(
      @ForAll("buckets") List<BucketCount> buckets,
      @ForAll @IntRange(min = 1, max = 9) int batchSize,
      @ForAll @IntRange(min = 1, max = 40) int slots) {
    TaskLayout layout = TaskLayout.of(buckets, batchSize, slots);
    double[] costs = new double[layout.tasks()];
    double all = 0;
    double largest = 0;
    for (Batch batch : batches(buckets, batchSize)) {
      costs[layout.taskOf(batch.first())] += batch.cost();
      all += batch.cost();
      largest = Math.max(largest, batch.cost());
    }
    for (double cost : costs) {
      assertThat(cost).isLessThanOrEqualTo((all / layout.tasks() + largest) * (1 + 1e-9));
    }
  }

  private record Batch(long first, long end, double cost) {}

  /** Batches from the start of each bucket, whatever the tasks are. */
  private static List<Batch> batches(List<BucketCount> buckets, int batchSize) {
    List<Batch> batches = new ArrayList<>();
    long bucketStart = 0;
    for (BucketCount bucket :
        buckets.stream().sorted(Comparator.comparing(BucketCount::bucket)).toList()) {
      double pixels = (double) bucket.bucket().height() * bucket.bucket().width();
      double steps = bucket.bucket().numInferenceSteps() * (bucket.bucket().trueCfg() ? 2 : 1);
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
  Arbitrary<List<BucketCount>> buckets() {
    Arbitrary<Integer> sizes = Arbitraries.integers().between(1, 128).map(n -> 16 * n);
    Arbitrary<Bucket> buckets =
        Combinators.combine(
                sizes,
                sizes,
                Arbitraries.integers().between(1, 50),
                Arbitraries.of(64, 512),
                Arbitraries.of(true, false))
            .as(Bucket::new);
    return Combinators.combine(buckets, Arbitraries.longs().between(1, 300))
        .as(BucketCount::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(6)
        .uniqueElements(BucketCount::bucket);
  }

  private static TaskLayout layout(int batchSize, int slots, BucketCount... buckets) {
    return TaskLayout.of(List.of(buckets), batchSize, slots);
  }
}
