package io.fluxspark.spark;

import io.fluxspark.request.Bucket;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Which task makes the picture at a position of the sorted pictures.
 *
 * @param tasks how many there are, at least 1
 * @param batchSize the most pictures of a batch
 * @param firstPositions of each bucket in order
 * @param firstCosts what all pictures before each bucket cost
 * @param imageCosts what one picture of each bucket costs
 * @param allCosts what all pictures cost
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never given away
record TaskLayout(
    int tasks,
    int batchSize,
    long[] firstPositions,
    double[] firstCosts,
    double[] imageCosts,
    double allCosts)
    implements Serializable {

  static TaskLayout of(List<ImageTasks.BucketCount> buckets, int batchSize, int slots) {
    List<ImageTasks.BucketCount> sorted =
        buckets.stream().sorted(Comparator.comparing(ImageTasks.BucketCount::bucket)).toList();
    long[] firstPositions = new long[sorted.size()];
    double[] firstCosts = new double[sorted.size()];
    double[] imageCosts = new double[sorted.size()];
    long images = 0;
    long batches = 0;
    double costs = 0;
    for (int i = 0; i < sorted.size(); i++) {
      long count = sorted.get(i).count();
      firstPositions[i] = images;
      firstCosts[i] = costs;
      imageCosts[i] = cost(sorted.get(i).bucket());
      images += count;
      batches += (count + batchSize - 1) / batchSize;
      costs += count * imageCosts[i];
    }
    long wanted =
        Math.max(
            (long) slots * ImageTasks.TASKS_A_SLOT,
            (images + ImageTasks.MOST_IMAGES_A_TASK - 1) / ImageTasks.MOST_IMAGES_A_TASK);
    int tasks = (int) Math.max(1, Math.min(Integer.MAX_VALUE, Math.min(batches, wanted)));
    return new TaskLayout(tasks, batchSize, firstPositions, firstCosts, imageCosts, costs);
  }

  int taskOf(long position) {
    int found = Arrays.binarySearch(firstPositions, position);
    int bucket = found >= 0 ? found : -found - 2;
    long inBucket = position - firstPositions[bucket];
    double before = firstCosts[bucket] + (inBucket - inBucket % batchSize) * imageCosts[bucket];
    return (int) Math.min(tasks - 1L, (long) (before / allCosts * tasks));
  }

  private static double cost(Bucket bucket) {
    double calls = bucket.numInferenceSteps() * (bucket.trueCfg() ? 2.0 : 1.0);
    return (double) bucket.height() * bucket.width() * calls;
  }
}
