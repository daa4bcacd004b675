package io.fluxspark.program;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Owns what was opened one after another, so that a failure on the way leaves none of it open. Used
 * by one thread at a time.
 */
public final class Opened implements AutoCloseable {
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  /** Takes one over. */
  public <T extends AutoCloseable> T add(T part) {
    parts.push(part);
    return part;
  }

  /**
   * Closes everything, the last first, also where one of it fails to.
   *
   * @throws IllegalStateException the first failure
   */
  @Override
  public void close() {
    IllegalStateException failure = null;
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("closing: " + e.getMessage(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
