package io.fluxspark.sampling;

import io.fluxspark.program.NativeTensor;
import java.util.ArrayList;
import java.util.List;

/** The points that samples passed on their way, and how straight the way was. */
public final class Way {
  private final int samples;
  private final List<float[]> points = new ArrayList<>();
  private final List<Float> levels = new ArrayList<>();

  /**
   * A way that begins.
   *
   * @param start (B, S, C), B samples
   * @param sigma its noise level
   */
  public Way(NativeTensor start, float sigma) {
    this.samples = (int) start.shape()[0];
    add(start, sigma);
  }

  private void add(NativeTensor x, float sigma) {
    points.add(x.toFloats());
    levels.add(sigma);
  }

  /** Keeps each point, and changes none. */
  public Latents.AfterStep keeping() {
    return (owner, x, sigma) -> {
      add(x, sigma);
      return x;
    };
  }

  /**
   * How far each sample's way is from a straight line: the integral over t of |velocity - (x_1 -
   * x_0)|^2 (Liu et al. 2022, "Flow Straight and Fast", where it is S(Z)), divided by |x_1 -
   * x_0|^2. 0 for a straight line that is gone along evenly, and for a sample that stays where it
   * is. Between two points the velocity is their difference by that of their levels, which is the
   * model's own where Euler's method is used. x_1 and x_0 are the first point and the last, one
   * noise level apart.
   */
  public double[] straightness() {
    float[] first = points.get(0);
    float[] last = points.get(points.size() - 1);
    int size = first.length / samples;
    double[] each = new double[samples];
    for (int sample = 0; sample < samples; sample++) {
      double length = 0;
      double off = 0;
      for (int i = sample * size; i < (sample + 1) * size; i++) {
        double whole = (double) first[i] - last[i];
        length += whole * whole;
        for (int step = 1; step < points.size(); step++) {
          double dt = (double) levels.get(step - 1) - levels.get(step);
          double velocity = ((double) points.get(step - 1)[i] - points.get(step)[i]) / dt;
          off += dt * (velocity - whole) * (velocity - whole);
        }
      }
      each[sample] = length == 0 ? 0 : off / length;
    }
    return each;
  }
}
