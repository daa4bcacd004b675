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
import java.util.function.BooleanSupplier;

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
   * Packed noise, bit for bit diffusers' with one CPU generator a picture.
   *
   * @param seeds one a picture
   * @param channels of a latent
   * @param rows h, half a latent's height
   * @param columns w, half a latent's width
   * @return (B, h w, 4 channels), float32
   */
  public NativeTensor noise(TensorScope owner, long[] seeds, int channels, int rows, int columns) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      // The generator lives on the CPU whatever the device; its numbers are brought to the owner's.
      NativeTensor drawn =
          loaded
              .run(
                  temporary,
                  programs.noise,
                  Argument.seeds(seeds),
                  size(channels),
                  size(2L * rows),
                  size(2L * columns))
              .get(0);
      NativeTensor noise =
          temporary.floats(drawn.toFloats(), seeds.length, channels, 2L * rows, 2L * columns);
      return loaded.run(owner, programs.pack, noise).get(0);
    }
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

  /**
   * Follows the velocity from noise to picture by Euler's method: x + (sigma_{i+1} - sigma_i) v at
   * each step.
   *
   * @param noise (B, S, C); stays the caller's
   * @param cancelled asked before each step
   * @return (B, S, C)
   * @throws FluxSparkException {@code INTERRUPTED} once cancelled
   */
  public NativeTensor sample(
      TensorScope owner,
      NativeTensor noise,
      Schedule schedule,
      Velocity velocity,
      BooleanSupplier cancelled) {
    int batch = (int) noise.shape()[0];
    NativeTensor x = noise;
    for (int i = 0; i < schedule.steps(); i++) {
      if (cancelled.getAsBoolean()) {
        throw new FluxSparkException(
            ErrorCode.INTERRUPTED, "cancelled before step " + (i + 1) + " of " + schedule.steps());
      }
      try (TensorScope step = new TensorScope(owner.device())) {
        float[] timesteps = new float[batch];
        Arrays.fill(timesteps, schedule.timesteps()[i]);
        NativeTensor v = velocity.at(step, x, step.floats(timesteps, batch)); // (B, S, C)
        NativeTensor dt =
            step.floats(new float[] {schedule.sigmas()[i + 1] - schedule.sigmas()[i]}, 1);
        NativeTensor next = loaded.run(owner, programs.step, x, v, dt).get(0); // (B, S, C)
        if (i > 0) {
          owner.free(x);
        }
        x = next;
      }
    }
    return x;
  }

  /**
   * True classifier-free guidance: negative + scale (positive - negative).
   *
   * @param scale (B, 1, 1)
   */
  public Velocity guided(Velocity positive, Velocity negative, NativeTensor scale) {
    return (owner, x, timestep) -> {
      try (TensorScope temporary = new TensorScope(owner.device())) {
        NativeTensor towards = positive.at(temporary, x, timestep);
        NativeTensor away = negative.at(temporary, x, timestep);
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
