package io.fluxspark.image;

/**
 * A picture as it is compared with others: small and a little blurred, so that an edge that is off
 * by a pixel costs little.
 *
 * @param values (32, 32, 3), 0 to 255
 */
@SuppressWarnings("ArrayRecordComponent") // compared by distance alone
public record Likeness(float[] values) {
  private static final int SIDE = 32;
  private static final int CHANNELS = 3;
  private static final float[] KERNEL = {0.25f, 0.5f, 0.25f};

  /** Of a picture of any size, made square. */
  public static Likeness of(Picture picture) {
    byte[] rgb = Resampling.bicubic(picture, SIDE, SIDE).rgb();
    float[] values = new float[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      values[i] = rgb[i] & 255;
    }
    return new Likeness(blurred(blurred(values, CHANNELS, SIDE), CHANNELS * SIDE, SIDE));
  }

  /** Blurs along the side whose neighbours are a stride apart; edges are repeated. */
  private static float[] blurred(float[] values, int stride, int length) {
    float[] blurred = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      int place = i / stride % length;
      for (int tap = 0; tap < KERNEL.length; tap++) {
        int there = Math.min(Math.max(place + tap - 1, 0), length - 1);
        blurred[i] += KERNEL[tap] * values[i + (there - place) * stride];
      }
    }
    return blurred;
  }

  /** The distance of a value, as a mean of squares has it: 0 to 255. */
  public double rootMeanSquare(Likeness other) {
    return Math.sqrt(distance(other) / values.length);
  }

  /** Square of the Euclidean distance. */
  public double distance(Likeness other) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      double difference = values[i] - other.values[i];
      sum += difference * difference;
    }
    return sum;
  }
}
