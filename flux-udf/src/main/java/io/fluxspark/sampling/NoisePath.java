package io.fluxspark.sampling;

/**
 * The way from a picture to noise: which mixture of both a point of it is, how that changes, and
 * what a model that learns the way is asked for there.
 */
@FunctionalInterface
public interface NoisePath {
  /**
   * Rectified flow's straight line (Liu et al. 2022, "Flow Straight and Fast"; Esser et al. 2024,
   * "Scaling Rectified Flow Transformers"): x_t = (1 - t) x_0 + t noise, whose velocity is noise -
   * x_0.
   */
  NoisePath LINEAR = t -> Point.askedForVelocity(1 - t, t, -1, 1);

  /**
   * The variance-preserving path of diffusion models (Ho et al. 2020, "Denoising Diffusion
   * Probabilistic Models") with the cosine schedule (Nichol and Dhariwal 2021, "Improved Denoising
   * Diffusion Probabilistic Models", equation 17), asked for its velocity. See {@link
   * CosineSchedule} for what is done at its ends.
   */
  NoisePath COSINE = new CosineSchedule(CosineSchedule.END)::at;

  /**
   * {@link #COSINE} up to where Stable Diffusion's way ends, whose signal there is 0.0683 (Lin et
   * al. 2024, "Common Diffusion Noise Schedules and Sample Steps are Flawed", table 1). What is
   * left of the picture beyond it is too little to be found from a model's noise: its error counts
   * by noise / signal, up to 600 times on the whole way.
   */
  NoisePath COSINE_TO_LITTLE_SIGNAL = CosineSchedule.to(0.0683)::at;

  /**
   * A point of the way.
   *
   * @param t 0 (picture) to 1 (noise)
   */
  Point at(double t);

  /** The same way, asked for the noise alone, as DDPM is (Ho et al. 2020, equation 14). */
  default NoisePath predictingNoise() {
    return t -> {
      Point point = at(t);
      return new Point(point.signal(), point.noise(), point.signalRate(), point.noiseRate(), 0, 1);
    };
  }

  /**
   * A mixture {@code signal x_0 + noise eps} that changes by {@code signalRate x_0 + noiseRate eps}
   * with t, and what the model is asked for, {@code targetSignal x_0 + targetNoise eps}.
   */
  record Point(
      double signal,
      double noise,
      double signalRate,
      double noiseRate,
      double targetSignal,
      double targetNoise) {
    /** A point at which the model is asked for the velocity, the change of the mixture with t. */
    static Point askedForVelocity(
        double signal, double noise, double signalRate, double noiseRate) {
      return new Point(signal, noise, signalRate, noiseRate, signalRate, noiseRate);
    }

    /**
     * What {@code otherSignal x_0 + otherNoise eps} is by the model's answer. Point and answer are
     * two mixtures of x_0 and eps, so each other one is a sum of these two; the answer has to be
     * none of the point's multiples.
     */
    public Shares mixture(double otherSignal, double otherNoise) {
      double determinant = signal * targetNoise - noise * targetSignal;
      return new Shares(
          (otherSignal * targetNoise - otherNoise * targetSignal) / determinant,
          (signal * otherNoise - noise * otherSignal) / determinant);
    }

    /** How the mixture changes with t; the answer itself where the model is asked for that. */
    public Shares velocity() {
      return mixture(signalRate, noiseRate);
    }
  }

  /** The sum {@code ofPoint x_t + ofAnswer answer}. */
  record Shares(double ofPoint, double ofAnswer) {}
}
