package io.fluxspark.training;

import static io.fluxspark.training.PathObjective.TRAIN_TIMESTEPS;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Schedule;
import io.fluxspark.sampling.ScheduleConfig;
import io.fluxspark.sampling.Velocity;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A student learns to do in one step what its teacher does in several (Salimans and Ho 2022,
 * "Progressive Distillation for Fast Sampling of Diffusion Models"), here on rectified flow's
 * straight path and in one stage: from a noise level of the student's schedule the teacher goes
 * Euler steps to the next one, and the student learns the velocity that leads there at once.
 *
 * @param steps of the student
 * @param teacherSteps that the teacher takes for one of them
 * @param guidanceScale of the teacher
 */
record StepDistillation(
    Teacher teacher,
    ScheduleConfig schedule,
    int steps,
    int teacherSteps,
    double guidanceScale,
    Mixtures mixtures)
    implements Objective {
  @Override
  public Question ask(TensorScope owner, Batch batch, SplittableRandom random) {
    float[] sigmas = Schedule.of(schedule, steps, batch.rows() * batch.columns()).sigmas();
    double[] from = new double[batch.size()];
    double[] to = new double[batch.size()];
    for (int b = 0; b < from.length; b++) {
      int step = random.nextInt(steps);
      from[b] = sigmas[step];
      to[b] = sigmas[step + 1];
    }
    double[] scales = new double[batch.size()];
    Arrays.fill(scales, guidanceScale);
    NativeTensor shown =
        mixtures.mix(
            owner,
            Arrays.stream(from).map(level -> 1 - level).toArray(),
            batch.x(),
            from,
            batch.noise()); // (B, S, C)
    Velocity velocity = teacher.velocity(owner, batch, scales);
    NativeTensor x = shown;
    double[] ones = new double[batch.size()];
    Arrays.fill(ones, 1);
    for (int i = 0; i < teacherSteps; i++) {
      double[] level = between(from, to, (double) i / teacherSteps);
      double[] dt = scaled(to, from, 1.0 / teacherSteps);
      NativeTensor v =
          velocity.at(
              owner,
              x,
              Batches.floats(Arrays.stream(level).map(sigma -> sigma * TRAIN_TIMESTEPS).toArray()));
      x = mixtures.mix(owner, ones, x, dt, v); // (B, S, C)
    }
    double[] inverse = new double[batch.size()];
    for (int b = 0; b < inverse.length; b++) {
      inverse[b] = 1 / (to[b] - from[b]);
    }
    NativeTensor answer =
        mixtures.mix(
            owner, inverse, x, Arrays.stream(inverse).map(number -> -number).toArray(), shown);
    return new Question(
        shown, Arrays.stream(from).map(level -> level * TRAIN_TIMESTEPS).toArray(), scales, answer);
  }

  private static double[] between(double[] from, double[] to, double part) {
    double[] between = new double[from.length];
    for (int b = 0; b < from.length; b++) {
      between[b] = from[b] + part * (to[b] - from[b]);
    }
    return between;
  }

  /** (a - b) factor. */
  private static double[] scaled(double[] a, double[] b, double factor) {
    double[] scaled = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      scaled[i] = factor * (a[i] - b[i]);
    }
    return scaled;
  }
}
