package io.fluxspark.training;

import java.io.Serializable;
import java.util.List;

/**
 * The sample sheets of a training.
 *
 * @param samples one a picture, at least one
 * @param every steps between two sheets
 * @param numInferenceSteps of each picture
 * @param guidanceScale of each picture
 * @param trueCfgScale of each picture; above 1 with the empty negative prompt
 */
public record SampleSettings(
    List<Sample> samples,
    long every,
    int numInferenceSteps,
    double guidanceScale,
    double trueCfgScale)
    implements Serializable {
  /**
   * What one picture is made of.
   *
   * @param width of the picture that is edited, pixels; 0 where there is none
   * @param condition the latent of that picture, (C, H / 8, W / 8), as {@link Example} has it;
   *     empty where there is none
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Sample(String prompt, int width, int height, float[] condition)
      implements Serializable {
    private static final float[] NONE = {};

    /** A sample of text alone. */
    public static Sample of(String prompt) {
      return new Sample(prompt, 0, 0, NONE);
    }

    boolean isEdit() {
      return condition.length > 0;
    }
  }

  public SampleSettings {
    samples = List.copyOf(samples);
  }
}
