package io.fluxspark.sampling;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.Argument;
import io.fluxspark.program.Device;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Noise, packing and the sampler's arithmetic, all in float32. Several threads may use it at once.
 */
public final class Latents implements AutoCloseable {
  private final LatentProgram programs = new LatentProgram();
  private final LoadedProgram loaded;

  private Latents(Device device) {
    this.loaded = LoadedProgram.load(programs.program, device);
  }

  /** Compiles the programs. */
  public static Latents load(Device device) {
    return new Latents(device);
  }

  /** The programs, to be read or written to a file. */
  public static Program program() {
    return new LatentProgram().program;
  }

  /**
   * Noise, bit for bit diffusers' with one CPU generator a picture, from which one tensor is drawn
   * after another.
   *
   * @param seeds one a picture
   * @param draws how many tensors are drawn
   * @param channels of a latent
   * @param rows h, half a latent's height
   * @param columns w, half a latent's width
   * @return in the order in which they were drawn, each (B, channels, 2 h, 2 w), float32
   */
  public List<NativeTensor> noise(
      TensorScope owner, long[] seeds, int draws, int channels, int rows, int columns) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      NativeTensor drawn =
          drawn(temporary, seeds, draws, channels, 2L * rows, 2L * columns); // (B, N, C, 2 h, 2 w)
      // The generator lives on the CPU whatever the device; its numbers are brought to the owner's.
      NativeTensor here = temporary.floats(drawn.toFloats(), drawn.shape());
      return IntStream.range(0, draws)
          .mapToObj(i -> loaded.run(owner, programs.draw, size(i), here).get(0))
          .toList();
    }
  }

  /**
   * As many normal numbers as a sample has.
   *
   * @param seeds one a picture
   * @param x (B, S, C)
   * @return (B, S, C)
   */
  NativeTensor noiseLike(TensorScope owner, long[] seeds, NativeTensor x) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      NativeTensor drawn =
          drawn(temporary, seeds, 1, 1, x.shape()[1], x.shape()[2]); // (B, 1, 1, S, C)
      return owner.floats(drawn.toFloats(), x.shape());
    }
  }

  private NativeTensor drawn(
      TensorScope owner, long[] seeds, long draws, long channels, long rows, long columns) {
    return loaded
        .run(
            owner,
            programs.noise,
            Argument.seeds(seeds),
            size(draws),
            size(channels),
            size(rows),
            size(columns))
        .get(0);
  }

  /**
   * Latents to tokens.
   *
   * @param latents (B, C, 2 h, 2 w)
   * @return (B, h w, 4 C)
   */
  public NativeTensor pack(TensorScope owner, NativeTensor latents) {
    return loaded.run(owner, programs.pack, latents).get(0);
  }

  /**
   * Tokens back to latents.
   *
   * @param tokens (B, h w, 4 C)
   * @return (B, C, 2 h, 2 w)
   */
  public NativeTensor unpack(TensorScope owner, NativeTensor tokens, int rows, int columns) {
    return loaded.run(owner, programs.unpack, size(rows), size(columns), tokens).get(0);
  }

  /** What is done to a sample after each step. */
  @FunctionalInterface
  public interface AfterStep {
    /** Nothing. */
    AfterStep NOTHING = (owner, x, sigma) -> x;

    /**
     * The sample to go on with.
     *
     * @param x (B, S, C)
     * @param sigma its noise level
     * @return (B, S, C), {@code x} itself or one that belongs to {@code owner}
     */
    NativeTensor apply(TensorScope owner, NativeTensor x, float sigma);
  }

  /**
   * Goes from noise to picture, through all levels of a schedule.
   *
   * @param start at the schedule's first noise level, (B, S, C); stays the caller's
   * @param models of each step, from 0; their answer is what the sampler's path asks for
   * @param cancelled asked before each step
   * @return (B, S, C)
   * @throws FluxSparkException {@code INTERRUPTED} once cancelled
   */
  public NativeTensor sample(
      TensorScope owner,
      NativeTensor start,
      Schedule schedule,
      Sampler sampler,
      IntFunction<Velocity> models,
      AfterStep afterStep,
      BooleanSupplier cancelled) {
    NativeTensor x = start;
    for (int i = 0; i < schedule.steps(); i++) {
      if (cancelled.getAsBoolean()) {
        throw new FluxSparkException(
            ErrorCode.INTERRUPTED, "cancelled before step " + (i + 1) + " of " + schedule.steps());
      }
      NativeTensor next = sampler.next(owner, schedule, i, x, models.apply(i)); // (B, S, C)
      NativeTensor after = afterStep.apply(owner, next, schedule.sigmas()[i + 1]); // (B, S, C)
      if (after != next) {
        owner.free(next);
      }
      if (i > 0) {
        owner.free(x);
      }
      x = after;
    }
    return x;
  }

  /** The same with one model for all steps. */
  public NativeTensor sample(
      TensorScope owner,
      NativeTensor start,
      Schedule schedule,
      Sampler sampler,
      Velocity model,
      AfterStep afterStep,
      BooleanSupplier cancelled) {
    IntFunction<Velocity> models = step -> model;
    return sample(owner, start, schedule, sampler, models, afterStep, cancelled);
  }

  /**
   * What the model answers at a step's first noise level.
   *
   * @param x (B, S, C)
   * @return (B, S, C)
   */
  NativeTensor ask(TensorScope owner, Schedule schedule, int step, NativeTensor x, Velocity model) {
    float[] timesteps = new float[(int) x.shape()[0]];
    Arrays.fill(timesteps, schedule.timesteps()[step]);
    return model.at(owner, x, timesteps);
  }

  /**
   * a x + b y.
   *
   * @param x (B, S, C); so is {@code y}
   * @return (B, S, C)
   */
  NativeTensor mix(TensorScope owner, double a, NativeTensor x, double b, NativeTensor y) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      return loaded
          .run(
              owner,
              programs.mix,
              temporary.floats(new float[] {(float) a}, 1),
              x,
              temporary.floats(new float[] {(float) b}, 1),
              y)
          .get(0);
    }
  }

  /**
   * A picture's latents at a noise level: sigma noise + (1 - sigma) x.
   *
   * @param x (B, S, C); so is {@code noise}
   */
  public NativeTensor noised(TensorScope owner, NativeTensor x, NativeTensor noise, float sigma) {
    return mix(owner, sigma, noise, 1 - sigma, x);
  }

  /**
   * Keeps the picture where the mask is 0, at the noise level of the step.
   *
   * @param mask (B, S, C); so are the picture's latents {@code x} and {@code noise}
   */
  public AfterStep keeping(NativeTensor mask, NativeTensor x, NativeTensor noise) {
    return (owner, made, sigma) -> {
      try (TensorScope temporary = new TensorScope(owner.device())) {
        NativeTensor known = noised(temporary, x, noise, sigma); // (B, S, C)
        return loaded.run(owner, programs.keep, mask, known, made).get(0);
      }
    };
  }

  /**
   * The velocity of a model that is shown more tokens behind the sample's.
   *
   * @param tokens (B, M, C)
   */
  public Velocity besides(Velocity velocity, NativeTensor tokens) {
    return (owner, x, timesteps) -> {
      try (TensorScope temporary = new TensorScope(owner.device())) {
        NativeTensor all = besides(temporary, x, tokens); // (B, S + M, C)
        NativeTensor v = velocity.at(temporary, all, timesteps); // (B, S + M, C)
        return loaded.run(owner, programs.first, size(x.shape()[1]), v).get(0);
      }
    };
  }

  /**
   * More tokens: (B, S, C) and (B, M, C) to (B, S + M, C).
   *
   * @param x (B, S, C)
   * @param tokens (B, M, C)
   */
  public NativeTensor besides(TensorScope owner, NativeTensor x, NativeTensor tokens) {
    return loaded.run(owner, programs.besides, x, tokens).get(0);
  }

  /**
   * The velocity of a model that is shown more channels of each token.
   *
   * @param channels (B, S, M)
   */
  public Velocity deeper(Velocity velocity, NativeTensor channels) {
    return (owner, x, timesteps) -> {
      try (TensorScope temporary = new TensorScope(owner.device())) {
        NativeTensor all = channels(temporary, x, channels); // (B, S, C + M)
        return velocity.at(owner, all, timesteps);
      }
    };
  }

  /**
   * More channels for each token: (B, S, C) and (B, S, M) to (B, S, C + M).
   *
   * @param x (B, S, C)
   * @param other (B, S, M)
   */
  public NativeTensor channels(TensorScope owner, NativeTensor x, NativeTensor other) {
    return loaded.run(owner, programs.deeper, x, other).get(0);
  }

  /**
   * True classifier-free guidance: negative + scale (positive - negative).
   *
   * @param scale (B, 1, 1)
   */
  public Velocity guided(Velocity positive, Velocity negative, NativeTensor scale) {
    return (owner, x, timesteps) -> {
      try (TensorScope temporary = new TensorScope(owner.device())) {
        NativeTensor towards = positive.at(temporary, x, timesteps);
        NativeTensor away = negative.at(temporary, x, timesteps);
        return loaded.run(owner, programs.guide, towards, away, scale).get(0);
      }
    };
  }

  /**
   * Which pictures of a batch hold finite numbers only.
   *
   * @param x (B, S, C)
   */
  public boolean[] finite(NativeTensor x) {
    try (TensorScope temporary = new TensorScope(x.device())) {
      float[] sums = loaded.run(temporary, programs.finite, x).get(0).toFloats();
      boolean[] finite = new boolean[sums.length];
      for (int i = 0; i < sums.length; i++) {
        finite[i] = sums[i] == 0;
      }
      return finite;
    }
  }

  /** One picture of a batch: (B, S, C) to (1, S, C). */
  public NativeTensor picture(TensorScope owner, NativeTensor x, int index) {
    return loaded.run(owner, programs.picture, size(index), x).get(0);
  }

  private static Argument size(long value) {
    return new Argument.Size(value);
  }

  @Override
  public void close() {
    loaded.close();
  }
}
