package io.fluxspark.benchmarks;

import io.fluxspark.request.Bucket;
import io.fluxspark.spark.TaskLayout;
import io.fluxspark.spark.TaskLayout.BucketCount;
import io.fluxspark.spark.TaskSizes;
import java.util.Comparator;
import java.util.List;

/**
 * The tasks that the program itself lays out for rows, and what each takes.
 *
 * @param portionStarts the first task of each portion, and the number of tasks
 * @param rows pictures of each task
 * @param gpuSeconds of each task: its pictures, without what else a task takes
 * @param otherSeconds of each task: start, files that are waited for, upload and commit
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SimulatedTasks(
    int[] portionStarts, long[] rows, double[] gpuSeconds, double[] otherSeconds) {
  /** Threads of a task that write picture files. */
  private static final int WRITERS = 2;

  /** Parquet's row groups, which are uploaded when they are full. */
  private static final double ROW_GROUP_BYTES = 96 << 20;

  static SimulatedTasks of(
      Workload workload, long images, int gpus, TaskSizes sizes, ClusterModel model) {
    List<BucketCount> buckets =
        workload.counts(images).stream().sorted(Comparator.comparing(BucketCount::bucket)).toList();
    TaskLayout layout = TaskLayout.of(buckets, workload.batchSize(), gpus, sizes);
    long[] starts = layout.taskStarts();
    int[] portionStarts = new int[layout.portions() + 1];
    for (int portion = 0; portion < portionStarts.length; portion++) {
      portionStarts[portion] = layout.firstTask(portion);
    }
    SimulatedTasks tasks =
        new SimulatedTasks(
            portionStarts,
            new long[layout.tasks()],
            new double[layout.tasks()],
            new double[layout.tasks()]);
    int first = 0;
    long firstStart = 0;
    for (int task = 0; task < layout.tasks(); task++) {
      while (firstStart + buckets.get(first).count() <= starts[task]) {
        firstStart += buckets.get(first).count();
        first++;
      }
      tasks.fill(task, starts, buckets.subList(first, buckets.size()), firstStart, workload, model);
    }
    return tasks;
  }

  /**
   * Works out one task.
   *
   * @param buckets from the task's first one on
   * @param bucketStart position of the first picture of the first of them
   */
  private void fill(
      int task,
      long[] starts,
      List<BucketCount> buckets,
      long bucketStart,
      Workload workload,
      ClusterModel model) {
    double pipelined = 0;
    double last = 0;
    double bytes = 0;
    long position = starts[task];
    for (int i = 0; position < starts[task + 1]; i++) {
      Bucket bucket = buckets.get(i).bucket();
      long end = Math.min(starts[task + 1], bucketStart + buckets.get(i).count());
      double gpu = Workload.gpuSeconds(bucket, model.picture());
      double encode = Workload.encodeSeconds(bucket, model.picture());
      long count = end - position;
      long size = Math.min(workload.batchSize(), count);
      long rest = count % size;
      long full = count / size;
      pipelined += full * Math.max(size * gpu, encodeSeconds(size, encode));
      last = Math.min(size * gpu, encodeSeconds(size, encode));
      if (rest > 0) {
        pipelined += Math.max(rest * gpu, encodeSeconds(rest, encode));
        last = Math.min(rest * gpu, encodeSeconds(rest, encode));
      }
      gpuSeconds[task] += count * gpu;
      bytes += count * Workload.bytes(bucket, model.picture());
      bucketStart += buckets.get(i).count();
      position = end;
    }
    rows[task] = starts[task + 1] - starts[task];
    otherSeconds[task] =
        model.task().startSeconds()
            + (pipelined + last - gpuSeconds[task])
            + Math.min(bytes, ROW_GROUP_BYTES) / model.task().uploadBytesPerSecond()
            + model.task().commitSeconds();
  }

  private static double encodeSeconds(long pictures, double encode) {
    long turns = (pictures + WRITERS - 1) / WRITERS;
    return turns * encode;
  }

  int portions() {
    return portionStarts.length - 1;
  }

  int count() {
    return rows.length;
  }

  long allRows() {
    long all = 0;
    for (long of : rows) {
      all += of;
    }
    return all;
  }
}
