package io.fluxspark.training;

import java.io.Serializable;
import java.util.List;

/**
 * The sample sheets of a training.
 *
 * @param prompts one a picture, at least one
 * @param every steps between two sheets
 * @param numInferenceSteps of each picture
 * @param guidanceScale of each picture
 * @param trueCfgScale of each picture; above 1 with the empty negative prompt
 */
public record SampleSettings(
    List<String> prompts,
    long every,
    int numInferenceSteps,
    double guidanceScale,
    double trueCfgScale)
    implements Serializable {
  public SampleSettings {
    prompts = List.copyOf(prompts);
  }
}
