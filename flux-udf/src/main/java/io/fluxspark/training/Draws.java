package io.fluxspark.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Which examples each step sees: drawn with replacement, each as often as its weight says, all of a
 * batch from one bucket. A step's draw depends on the seed and the step alone, so that a run that
 * was broken off goes on as if it had not been.
 */
final class Draws {
  private final long seed;
  private final double[] bucketEnds;
  private final int[][] members;
  private final double[][] memberEnds;

  /**
   * @param weights of the examples, above 0
   * @param buckets of the examples; those of one batch are equal
   */
  Draws(long seed, double[] weights, List<String> buckets) {
    this.seed = seed;
    Map<String, List<Integer>> byBucket = new LinkedHashMap<>();
    IntStream.range(0, weights.length)
        .forEach(i -> byBucket.computeIfAbsent(buckets.get(i), key -> new ArrayList<>()).add(i));
    this.members =
        byBucket.values().stream()
            .map(some -> some.stream().mapToInt(Integer::intValue).toArray())
            .toArray(int[][]::new);
    this.memberEnds =
        Arrays.stream(members)
            .map(some -> ends(Arrays.stream(some).mapToDouble(i -> weights[i]).toArray()))
            .toArray(double[][]::new);
    this.bucketEnds =
        ends(Arrays.stream(memberEnds).mapToDouble(ends -> ends[ends.length - 1]).toArray());
  }

  private static double[] ends(double[] weights) {
    double[] ends = weights.clone();
    Arrays.parallelPrefix(ends, Double::sum);
    return ends;
  }

  /**
   * The random numbers of a step.
   *
   * @param part of the step that draws for itself
   */
  SplittableRandom random(long step, int part) {
    return new SplittableRandom(
        new SplittableRandom(new SplittableRandom(seed).nextLong() + step).nextLong() + part);
  }

  /** The examples of a step, by their places. */
  int[] examples(SplittableRandom random, int count) {
    int bucket = place(bucketEnds, random);
    return IntStream.range(0, count)
        .map(i -> members[bucket][place(memberEnds[bucket], random)])
        .toArray();
  }

  private static int place(double[] ends, SplittableRandom random) {
    double at = random.nextDouble() * ends[ends.length - 1];
    int found = Arrays.binarySearch(ends, at);
    return Math.min(found >= 0 ? found + 1 : -found - 1, ends.length - 1);
  }
}
