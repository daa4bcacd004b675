package io.fluxspark.training;

import io.fluxspark.sampling.NoisePath;
import java.io.Serializable;

/** What a transformer learns. */
public sealed interface Goal extends Serializable {
  /** A way from noise to the table's pictures, see {@link PathObjective}. */
  sealed interface OnPath extends Goal {
    /** The way, and what the model is asked for on it. */
    NoisePath path();
  }

  /** The straight way, and its velocity: what FLUX.1 is. */
  record FlowMatching() implements OnPath {
    @Override
    public NoisePath path() {
      return NoisePath.LINEAR;
    }
  }

  /** The variance-preserving way, and its velocity. */
  record CosineVelocity() implements OnPath {
    @Override
    public NoisePath path() {
      return NoisePath.COSINE;
    }
  }

  /** Nearly all of the variance-preserving way, and the noise: denoising diffusion (DDPM). */
  record CosineNoise() implements OnPath {
    @Override
    public NoisePath path() {
      return NoisePath.COSINE_TO_LITTLE_SIGNAL.predictingNoise();
    }
  }

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
