package io.fluxspark.training;

import io.fluxspark.program.AdamW;
import java.io.Serializable;

/**
 * How training goes, whatever is learnt.
 *
 * @param steps of the optimizer in all, at least 1
 * @param batchSize examples of each gradient, at least 1
 * @param gradientAccumulationSteps gradients of each step, at least 1
 * @param workers threads that share a batch, each with the gradients of its part
 * @param learningRate of each step
 * @param beta1 see {@link AdamW.Step}
 * @param beta2 see {@link AdamW.Step}
 * @param weightDecay see {@link AdamW.Step}
 * @param maxGradNorm see {@link AdamW.Step}
 * @param emaDecay see {@link AdamW.Step}
 * @param seed decides everything that is random
 * @param logEvery steps between two lines of the loss
 * @param checkpointSeconds between two checkpoints
 */
public record TrainingSettings(
    long steps,
    int batchSize,
    int gradientAccumulationSteps,
    int workers,
    LearningRate learningRate,
    double beta1,
    double beta2,
    double weightDecay,
    double maxGradNorm,
    double emaDecay,
    long seed,
    long logEvery,
    double checkpointSeconds)
    implements Serializable {
  AdamW.Step step(long count) {
    return new AdamW.Step(
        learningRate.at(count), beta1, beta2, weightDecay, maxGradNorm, averageDecay(count));
  }

  /** Early steps count more, so that the average forgets the first weights soon. */
  private double averageDecay(long count) {
    return Math.min(emaDecay, (1.0 + count) / (10 + count));
  }
}
