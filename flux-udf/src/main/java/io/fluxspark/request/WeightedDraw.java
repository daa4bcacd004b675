package io.fluxspark.request;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * A draw of so many combinations by weight. None comes more often than it has to: as long as there
 * are enough, none comes twice.
 *
 * <p>At each choice the number of rows is shared out among the outcomes by systematic sampling
 * (each gets its part, rounded up or down by chance, so that on average it is exact), and no
 * outcome gets more than it has combinations. Each share is then shared out likewise. So any row of
 * the draw follows from its number and the seed alone, in memory that does not depend on how many
 * there are.
 */
final class WeightedDraw {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private final ChoiceNode root;
  private final long count;
  private final long key;
  private final long repeats;

  /**
   * @param count at least 1, less than 2^53
   */
  WeightedDraw(ChoiceNode root, long count, long seed) {
    this.root = root;
    this.count = count;
    this.key = mixed(seed, 0);
    this.repeats = (count - 1) / root.size() + 1;
  }

  /**
   * A combination of the draw.
   *
   * @param outcomes by the choice's name
   * @param repeat how often the draw has it before
   */
  record Drawn(Map<String, Integer> outcomes, long repeat) {}

  /**
   * @param index from 0, less than the draw's count
   */
  Drawn at(long index) {
    Map<String, Integer> outcomes = new HashMap<>();
    ChoiceNode node = root;
    long nodeCount = count;
    long nodeKey = key;
    long rest = index;
    while (!node.isEnd()) {
      long[] shares = shares(node, nodeCount, nodeKey);
      int outcome = 0;
      while (rest >= shares[outcome]) {
        rest -= shares[outcome];
        outcome++;
      }
      outcomes.put(node.name(), outcome);
      nodeCount = shares[outcome];
      nodeKey = mixed(nodeKey, outcome + 1);
      node = node.next(outcome);
    }
    return new Drawn(outcomes, rest);
  }

  /** Where the rows begin: their order runs through the combinations in even steps. */
  long first() {
    return Math.floorMod(mixed(key, 0), count);
  }

  /**
   * What is added, modulo the count, to come to the next row. It is near the golden section of the
   * count, so that each part of the table is spread over all combinations, and has no divisor in
   * common with it, so that none is left out.
   */
  long step() {
    long step = Math.max(1, Math.round(count * 0.6180339887498949));
    while (divisor(step, count) != 1) {
      step++;
    }
    return step;
  }

  /** How many rows each outcome gets; they add up to the count. */
  private long[] shares(ChoiceNode node, long nodeCount, long nodeKey) {
    Random random = new Random(nodeKey); // its algorithm is specified, so it is the same everywhere
    int[] order = shuffled(node.choices().size(), random);
    long[] shares = new long[order.length];
    long rest = nodeCount;
    while (rest > 0) {
      double all = 0;
      for (int i : order) {
        all += openWeight(node, i, shares[i]);
      }
      double offset = random.nextDouble();
      double sum = 0;
      long given = 0;
      long over = 0;
      for (int i : order) {
        sum += openWeight(node, i, shares[i]);
        long upTo = Math.min(rest, (long) Math.floor(rest * (sum / all) + offset));
        long share = shares[i] + upTo - given;
        given = upTo;
        shares[i] = Math.min(share, most(node, i));
        over += share - shares[i];
      }
      rest = over;
    }
    return shares;
  }

  /** The weight of an outcome that may still get rows, else 0. */
  private double openWeight(ChoiceNode node, int outcome, long share) {
    return share < most(node, outcome) ? node.choices().get(outcome).weight() : 0;
  }

  private long most(ChoiceNode node, int outcome) {
    long size = node.next(outcome).size();
    return size > Long.MAX_VALUE / repeats ? Long.MAX_VALUE : size * repeats;
  }

  private static int[] shuffled(int length, Random random) {
    int[] order = new int[length];
    for (int i = 0; i < length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** SplitMix64's step and output (Steele, Lea and Flood 2014, doi.org/10.1145/2714064.2660195). */
  private static long mixed(long key, long step) {
    long z = key + (step + 1) * GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  private static long divisor(long a, long b) {
    return b == 0 ? a : divisor(b, a % b);
  }
}
