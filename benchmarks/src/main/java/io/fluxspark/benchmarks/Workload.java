package io.fluxspark.benchmarks;

import io.fluxspark.request.Bucket;
import io.fluxspark.request.StepRange;
import io.fluxspark.request.Task;
import io.fluxspark.spark.TaskLayout.BucketCount;
import io.fluxspark.transformer.TransformerConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * What the rows of a table ask for: as many of each bucket.
 *
 * @param batchSize the most pictures of a batch
 */
record Workload(String name, List<Bucket> buckets, int batchSize) {
  static final Workload DEV = new Workload("dev", List.of(bucket(1024, 28, 512)), 1);
  static final Workload SCHNELL = new Workload("schnell", List.of(bucket(1024, 4, 256)), 1);
  static final Workload MIXED =
      new Workload(
          "mixed",
          List.of(
              bucket(512, 20, 512),
              bucket(512, 50, 512),
              bucket(768, 28, 512),
              bucket(1024, 20, 512),
              bucket(1024, 28, 512),
              bucket(1024, 50, 512),
              bucket(1440, 28, 512)),
          1);

  private static final double MEGA = 1e6;
  private static final int PIXELS_A_TOKEN = 256;

  /** As it is published, but for what its FLOPs do not depend on. */
  private static final TransformerConfig FLUX =
      new TransformerConfig(1, 64, 64, 19, 38, 128, 24, 4096, 768, true, List.of(16, 56, 56));

  private static final double STEP_FLOPS = FLUX.flops(1024 * 1024 / PIXELS_A_TOKEN + 512);

  Workload {
    buckets = List.copyOf(buckets);
    if (buckets.isEmpty() || batchSize < 1) {
      throw new IllegalArgumentException("a bucket and a batch size of at least 1 are needed");
    }
  }

  private static Bucket bucket(int side, int steps, int textTokens) {
    return new Bucket(
        side, side, steps, textTokens, StepRange.NONE, Task.TEXT_TO_IMAGE, 0, "", false, false);
  }

  /**
   * How many of so many rows each bucket has; the first ones have one more where it does not even
   * out.
   */
  List<BucketCount> counts(long rows) {
    List<BucketCount> counts = new ArrayList<>();
    for (int i = 0; i < buckets.size(); i++) {
      long count = rows / buckets.size() + (i < rows % buckets.size() ? 1 : 0);
      if (count > 0) {
        counts.add(new BucketCount(buckets.get(i), count));
      }
    }
    return counts;
  }

  /** Seconds of a GPU for one picture: text, denoising, decoding. */
  static double gpuSeconds(Bucket bucket, ClusterModel.Picture picture) {
    long tokens = pixels(bucket) / PIXELS_A_TOKEN + bucket.maxSequenceLength();
    return picture.textSeconds()
        + bucket.transformerCalls() * picture.stepSeconds() * FLUX.flops(tokens) / STEP_FLOPS
        + picture.decodeSecondsPerMegapixel() * pixels(bucket) / MEGA;
  }

  /** Seconds of a thread that writes picture files. */
  static double encodeSeconds(Bucket bucket, ClusterModel.Picture picture) {
    return picture.encodeSecondsPerMegapixel() * pixels(bucket) / MEGA;
  }

  static double bytes(Bucket bucket, ClusterModel.Picture picture) {
    return picture.bytesPerPixel() * pixels(bucket);
  }

  private static long pixels(Bucket bucket) {
    return (long) bucket.height() * bucket.width();
  }
}
