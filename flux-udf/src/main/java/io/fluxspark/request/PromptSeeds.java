package io.fluxspark.request;

import java.util.List;

/**
 * The seeds of each prompt, of which each makes a row.
 *
 * @param fixed the seeds; empty where only their number is known
 * @param perPrompt how many follow from the draw's seed where none are fixed; 0 for no seeds at all
 */
record PromptSeeds(List<Long> fixed, long perPrompt) {
  static final PromptSeeds NONE = new PromptSeeds(List.of(), 0);

  PromptSeeds {
    fixed = List.copyOf(fixed);
  }

  /** Whether rows have a seed. */
  boolean isGiven() {
    return !fixed.isEmpty() || perPrompt > 0;
  }

  /** Rows of one prompt, at least 1. */
  long rows() {
    return fixed.isEmpty() ? Math.max(1, perPrompt) : fixed.size();
  }

  /**
   * The seed of a prompt's row of that number, from 0; those that are not fixed go on from a first.
   */
  long at(long number, long first) {
    return fixed.isEmpty() ? first + number : fixed.get(Math.toIntExact(number));
  }
}
