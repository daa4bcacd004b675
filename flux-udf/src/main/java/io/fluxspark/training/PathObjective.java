package io.fluxspark.training;

import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.NoisePath;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;

/**
 * The way between pictures and noise: asked at a point of it, the answer is what the path says.
 *
 * @param guidanceScale what a model with a guidance embedding is told
 */
record PathObjective(NoisePath path, Timesteps timesteps, double guidanceScale, Mixtures mixtures)
    implements Objective {
  /** What the transformer is told of a noise level 1. */
  static final int TRAIN_TIMESTEPS = 1000;

  @Override
  public Question ask(TensorScope owner, Batch batch, SplittableRandom random) {
    double[] t = DoubleStream.generate(() -> timesteps.draw(random)).limit(batch.size()).toArray();
    NoisePath.Point[] points = Arrays.stream(t).mapToObj(path::at).toArray(NoisePath.Point[]::new);
    double[] guidance = new double[batch.size()];
    Arrays.fill(guidance, guidanceScale);
    return new Question(
        mixtures.mix(
            owner,
            Arrays.stream(points).mapToDouble(NoisePath.Point::signal).toArray(),
            batch.x(),
            Arrays.stream(points).mapToDouble(NoisePath.Point::noise).toArray(),
            batch.noise()),
        Arrays.stream(t).map(level -> level * TRAIN_TIMESTEPS).toArray(),
        guidance,
        mixtures.mix(
            owner,
            Arrays.stream(points).mapToDouble(NoisePath.Point::targetSignal).toArray(),
            batch.x(),
            Arrays.stream(points).mapToDouble(NoisePath.Point::targetNoise).toArray(),
            batch.noise()));
  }
}
