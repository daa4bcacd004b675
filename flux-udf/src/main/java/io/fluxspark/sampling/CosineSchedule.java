package io.fluxspark.sampling;

/**
 * The cosine schedule of Nichol and Dhariwal 2021, equation 17, for all t: signal^2 is alpha_bar(t)
 * = cos^2(angle(t)) / cos^2(angle(0)) with angle(t) = (t + 0.008) / 1.008 pi / 2, and signal^2 +
 * noise^2 = 1.
 *
 * <p>Both ends are singular. At t = 1 nothing of the picture is left, so that noise alone says
 * nothing of it; the way is therefore cut, theirs at 0.999 of its length by the highest beta. At t
 * = 0 the noise sets in like a square root, with an infinite rate; rates are those of t = 0.001
 * from there on.
 *
 * @param angleRate how far the angle turns from t = 0 to the end
 */
record CosineSchedule(double angleRate) {
  private static final double OFFSET = 0.008;
  private static final double FIRST_RATE = 0.001;
  private static final double START = OFFSET / (1 + OFFSET) * Math.PI / 2;

  /** How far it turns up to the published end. */
  static final double END = 0.999 / (1 + OFFSET) * Math.PI / 2;

  /** The way that ends where the signal is {@code last}. */
  static CosineSchedule to(double last) {
    return new CosineSchedule(Math.acos(last * Math.cos(START)) - START);
  }

  NoisePath.Point at(double t) {
    double near = Math.max(t, FIRST_RATE);
    double signalRate = -angleRate * Math.sin(START + angleRate * near) / Math.cos(START);
    return NoisePath.Point.askedForVelocity(
        signal(t), noise(t), signalRate, -signal(near) * signalRate / noise(near));
  }

  private double signal(double t) {
    return Math.cos(START + angleRate * t) / Math.cos(START);
  }

  /** sqrt(1 - signal^2), written so that nothing is lost near 0. */
  private double noise(double t) {
    double turned = angleRate * t;
    return Math.sqrt(Math.sin(turned) * Math.sin(turned + 2 * START)) / Math.cos(START);
  }
}
