package io.fluxspark.training;

import java.util.Locale;

/** The objectives that a comparison trains. */
public enum ComparedObjective {
  FLOW_MATCHING(new Goal.FlowMatching()),
  COSINE_VELOCITY(new Goal.CosineVelocity()),
  COSINE_NOISE(new Goal.CosineNoise());

  private final Goal.OnPath goal;

  ComparedObjective(Goal.OnPath goal) {
    this.goal = goal;
  }

  public Goal.OnPath goal() {
    return goal;
  }

  /** As files name it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
