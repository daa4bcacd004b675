package io.fluxspark.sampling;

/**
 * The way from a picture to noise: which mixture of both a point of it is, and what a model that
 * learns the way is asked for there.
 */
@FunctionalInterface
public interface NoisePath {
  /**
   * Rectified flow's straight line (Liu et al. 2022, "Flow Straight and Fast"; Esser et al. 2024,
   * "Scaling Rectified Flow Transformers"): x_t = (1 - t) x_0 + t noise, whose velocity is noise -
   * x_0.
   */
  NoisePath LINEAR = t -> new Point(1 - t, t, -1, 1);

  /**
   * A point of the way.
   *
   * @param t 0 (picture) to 1 (noise)
   */
  Point at(double t);

  /**
   * A mixture {@code signal x_0 + noise eps}, and what the model is asked for, {@code targetSignal
   * x_0 + targetNoise eps}.
   */
  record Point(double signal, double noise, double targetSignal, double targetNoise) {}
}
