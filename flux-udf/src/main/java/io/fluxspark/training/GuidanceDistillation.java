package io.fluxspark.training;

import static io.fluxspark.training.PathObjective.TRAIN_TIMESTEPS;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;

/**
 * A student with a guidance embedding learns what its teacher says with classifier-free guidance,
 * at scales drawn from a range: one call instead of two (Meng et al. 2023, "On Distillation of
 * Guided Diffusion Models", stage one; FLUX.1-dev was made so).
 *
 * @param lowestScale of guidance
 * @param highestScale of guidance
 */
record GuidanceDistillation(
    Teacher teacher,
    Timesteps timesteps,
    double lowestScale,
    double highestScale,
    Mixtures mixtures)
    implements Objective {
  @Override
  public Question ask(TensorScope owner, Batch batch, SplittableRandom random) {
    double[] t = DoubleStream.generate(() -> timesteps.draw(random)).limit(batch.size()).toArray();
    double[] scales =
        DoubleStream.generate(
                () -> lowestScale + (highestScale - lowestScale) * random.nextDouble())
            .limit(batch.size())
            .toArray();
    NativeTensor shown =
        mixtures.mix(
            owner, Arrays.stream(t).map(level -> 1 - level).toArray(), batch.x(), t, batch.noise());
    double[] told = Arrays.stream(t).map(level -> level * TRAIN_TIMESTEPS).toArray();
    NativeTensor answer =
        teacher.velocity(owner, batch, scales).at(owner, shown, Batches.floats(told));
    return new Question(shown, told, scales, answer);
  }
}
