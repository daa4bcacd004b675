package io.fluxspark.spark;

import io.fluxspark.request.Bucket;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * How pictures, sorted by bucket, texts and key, are cut into batches, tasks and portions.
 *
 * <p>A batch is a run of at most {@code batchSize} pictures of one bucket, counted from the
 * bucket's start, so that which pictures share a batch depends on the pictures and the batch size
 * alone. A task is a run of whole batches, a portion a run of whole tasks.
 *
 * <p>The tasks of a portion have about the same cost, pixels times calls of the transformer. Only
 * where the run ends they become smaller: none is more than half of what is left then, shared by
 * all slots, or a slow device would still be at work when all others are done. {@link TaskSizes}
 * says how large all this is.
 */
public final class TaskLayout {
  /** Sums of costs are equal when they differ by less of what they are compared with. */
  private static final double ROUNDING = 1e-9;

  /** Position of the first picture of each task, and the number of pictures behind the last. */
  private final long[] taskStarts;

  /** The first task of each portion, and the number of tasks behind the last. */
  private final int[] portionStarts;

  private TaskLayout(long[] taskStarts, int[] portionStarts) {
    this.taskStarts = taskStarts;
    this.portionStarts = portionStarts;
  }

  /**
   * Lays out pictures.
   *
   * @param buckets how many pictures each bucket has, in any order
   * @param batchSize the most pictures of a batch, at least 1
   * @param slots tasks that the cluster runs at a time, at least 1
   * @param sizes of tasks and portions, each of which has one batch at least
   */
  public static TaskLayout of(
      List<BucketCount> buckets, int batchSize, int slots, TaskSizes sizes) {
    Batches batches = Batches.of(buckets, batchSize);
    Starts tasks = new Starts();
    Starts portions = new Starts();
    for (int first = 0; first < batches.count(); ) {
      int end = batches.endOfPortion(first, sizes);
      portions.add(tasks.size);
      addTasks(tasks, batches, first, end, slots, sizes);
      first = end;
    }
    portions.add(tasks.size);
    tasks.add(batches.starts[batches.count()]);
    return new TaskLayout(
        tasks.toArray(), Arrays.stream(portions.toArray()).mapToInt(Math::toIntExact).toArray());
  }

  private static void addTasks(
      Starts tasks, Batches batches, int first, int end, int slots, TaskSizes sizes) {
    long images = batches.starts[end] - batches.starts[first];
    long mostImages = sizes.mostImagesATask();
    long wanted =
        Math.max((long) slots * sizes.tasksASlot(), (images + mostImages - 1) / mostImages);
    double most = (batches.costs[end] - batches.costs[first]) / Math.min(wanted, end - first);
    // One slot waits for no other.
    double least =
        slots == 1 ? most : Math.min(most, Math.max(2 * ROUNDING * most, sizes.leastCostATask()));
    long taskStart = -1;
    double taskEnd = batches.costs[first];
    for (int batch = first; batch < end; batch++) {
      boolean isNext = batches.costs[batch] >= taskEnd - ROUNDING * most;
      boolean isFull =
          batches.starts[batch + 1] - taskStart > mostImages && batches.starts[batch] > taskStart;
      if (isNext || isFull) {
        taskStart = batches.starts[batch];
        tasks.add(taskStart);
      }
      while (batches.costs[batch] >= taskEnd - ROUNDING * most) {
        double left = batches.costs[batches.count()] - taskEnd;
        taskEnd += Math.min(most, Math.max(least, left / slots / 2));
      }
    }
  }

  /** How many tasks there are in all portions. */
  public int tasks() {
    return taskStarts.length - 1;
  }

  /** How many portions there are; 0 where there are no pictures. */
  public int portions() {
    return portionStarts.length - 1;
  }

  /** How many pictures a portion has. */
  public long images(int portion) {
    return taskStarts[portionStarts[portion + 1]] - taskStarts[portionStarts[portion]];
  }

  /** The first task of a portion; that of the next one is the end of this one. */
  public int firstTask(int portion) {
    return portionStarts[portion];
  }

  /** Position of the first picture of each task, and the number of all pictures. */
  public long[] taskStarts() {
    return taskStarts.clone();
  }

  /** How many pictures a bucket has. */
  public record BucketCount(Bucket bucket, long count) {
    /** Pixels times calls of the transformer. */
    public double imageCost() {
      return (double) bucket.height() * bucket.width() * bucket.transformerCalls();
    }
  }

  /**
   * All batches in order.
   *
   * @param starts position of each one's first picture, and the number of all pictures
   * @param costs what all batches before each one cost, and all of them
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never given away
  private record Batches(long[] starts, double[] costs) {
    static Batches of(List<BucketCount> buckets, int batchSize) {
      List<BucketCount> sorted =
          buckets.stream().sorted(Comparator.comparing(BucketCount::bucket)).toList();
      long count = 0;
      for (BucketCount bucket : sorted) {
        count += (bucket.count() + batchSize - 1) / batchSize;
      }
      long[] starts = new long[Math.toIntExact(count + 1)];
      double[] costs = new double[starts.length];
      int batch = 0;
      for (BucketCount bucket : sorted) {
        for (long made = 0; made < bucket.count(); made += batchSize) {
          long size = Math.min(batchSize, bucket.count() - made);
          starts[batch + 1] = starts[batch] + size;
          // A picture of no step at all is still one to decode.
          costs[batch + 1] = costs[batch] + size * Math.max(1, bucket.imageCost());
          batch++;
        }
      }
      return new Batches(starts, costs);
    }

    int count() {
      return starts.length - 1;
    }

    int endOfPortion(int first, TaskSizes sizes) {
      double most = sizes.costAPortion() * (1 + ROUNDING);
      int end = first + 1;
      while (end < count()
          && starts[end + 1] - starts[first] <= sizes.imagesAPortion()
          && costs[end + 1] - costs[first] <= most) {
        end++;
      }
      return end;
    }
  }

  /** A growing list of numbers. */
  private static final class Starts {
    private long[] values = new long[16];
    private int size;

    void add(long value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = value;
    }

    long[] toArray() {
      return Arrays.copyOf(values, size);
    }
  }
}
