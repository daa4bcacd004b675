package io.fluxspark.pipeline;

/** Measures stages that follow each other. */
final class Stopwatch {
  private static final double NANOS = 1e9;

  private long last = System.nanoTime();

  /** Seconds since the last lap, or since the start. */
  double lap() {
    long now = System.nanoTime();
    double seconds = (now - last) / NANOS;
    last = now;
    return seconds;
  }
}
