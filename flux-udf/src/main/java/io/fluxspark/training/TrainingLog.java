package io.fluxspark.training;

import java.util.Map;

/** Who is told how training goes. */
public interface TrainingLog {
  /**
   * What some steps gave.
   *
   * @param step the last of them
   * @param losses their means, by name; {@code loss} is first
   * @param gradientNorm the mean length of the gradient before it was cut
   * @param learningRate of the last step
   * @param picturesPerSecond seen since the line before
   */
  record Line(
      long step,
      Map<String, Double> losses,
      double gradientNorm,
      double learningRate,
      double picturesPerSecond) {}

  /** Some steps are done. */
  void line(Line line);
}
