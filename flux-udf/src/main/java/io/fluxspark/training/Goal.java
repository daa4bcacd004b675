package io.fluxspark.training;

import java.io.Serializable;

/** What a transformer learns. */
public sealed interface Goal extends Serializable {
  /** The way from noise to the table's pictures, see {@link PathObjective}. */
  record FlowMatching() implements Goal {}

  /**
   * What the model says with classifier-free guidance, in one call; the new model has a guidance
   * embedding. See {@link GuidanceDistillation}.
   *
   * @param lowestScale at least 0
   * @param highestScale at least the lowest
   */
  record Guidance(double lowestScale, double highestScale) implements Goal {}

  /**
   * What the model draws in many steps, in few; a new model has no guidance embedding, a LoRA is
   * for one scale. See {@link StepDistillation}.
   *
   * @param steps of the new model
   * @param teacherSteps that the model takes for one of them
   * @param guidanceScale of the model
   */
  record Steps(int steps, int teacherSteps, double guidanceScale) implements Goal {}
}
