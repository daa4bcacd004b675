package io.fluxspark.request;

/**
 * Some of a picture's steps, one after another.
 *
 * @param from the first of them, from 0
 * @param to the first after them
 */
public record StepRange(int from, int to) {
  /** No step. */
  public static final StepRange NONE = new StepRange(0, 0);

  public StepRange {
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("no steps from " + from + " to " + to);
    }
  }

  /**
   * The steps between two fractions of all steps, both rounded down to whole steps, as diffusers'
   * guiders have it: step i is among them where {@code (int) (start steps) <= i < (int) (stop
   * steps)}.
   *
   * @param start 0 to {@code stop}
   * @param stop up to 1
   * @param steps all that are made
   */
  public static StepRange between(double start, double stop, int steps) {
    int from = (int) (start * steps);
    int to = (int) (stop * steps);
    return from == to ? NONE : new StepRange(from, to);
  }

  /** All steps. */
  public static StepRange all(int steps) {
    return new StepRange(0, steps);
  }

  public boolean contains(int step) {
    return from <= step && step < to;
  }

  public int count() {
    return to - from;
  }
}
