package io.fluxspark.sampling;

/**
 * The cosine schedule of Nichol and Dhariwal 2021, equation 17, for all t: signal^2 is alpha_bar(t)
 * = cos^2(angle(t)) / cos^2(angle(0)) with angle(t) = (t + 0.008) / 1.008 pi / 2, and signal^2 +
 * noise^2 = 1.
 *
 * <p>Both ends are singular. At t = 1 nothing of the picture is left, so that noise alone says
 * nothing of it; the way is therefore cut at 0.999 of its length, as theirs is by the highest beta.
 * At t = 0 the noise sets in like a square root, with an infinite rate; rates are those of t =
 * 0.001 from there on.
 */
final class CosineSchedule {
  private static final double OFFSET = 0.008;
  private static final double END = 0.999;
  private static final double FIRST_RATE = 0.001;
  private static final double ANGLE_RATE = END / (1 + OFFSET) * Math.PI / 2;
  private static final double START = OFFSET / (1 + OFFSET) * Math.PI / 2;

  private CosineSchedule() {}

  static NoisePath.Point at(double t) {
    double near = Math.max(t, FIRST_RATE);
    double signalRate = -ANGLE_RATE * Math.sin(START + ANGLE_RATE * near) / Math.cos(START);
    return NoisePath.Point.askedForVelocity(
        signal(t), noise(t), signalRate, -signal(near) * signalRate / noise(near));
  }

  private static double signal(double t) {
    return Math.cos(START + ANGLE_RATE * t) / Math.cos(START);
  }

  /** sqrt(1 - signal^2), written so that nothing is lost near 0. */
  private static double noise(double t) {
    double turned = ANGLE_RATE * t;
    return Math.sqrt(Math.sin(turned) * Math.sin(turned + 2 * START)) / Math.cos(START);
  }
}
