package io.fluxspark.training;

import static io.fluxspark.program.DataType.FLOAT32;

import io.fluxspark.program.Device;
import io.fluxspark.program.Dim;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.TensorScope;

/**
 * Weighted sums of latents, in float32. Several threads may use it at once.
 *
 * <p>Axes: B pictures, C channels of a latent, h x w its rows and columns; S tokens.
 */
final class Mixtures implements AutoCloseable {
  private static final Dim B = Dim.named("B");
  private static final Dim C = Dim.named("C");
  private static final Dim S = Dim.named("S");

  private final Program program = new Program("Mixtures");
  private final Method latent = latent(program.method("latent"));
  private final Method mix = mix(program.method("mix"));
  private final LoadedProgram loaded;

  Mixtures(Device device) {
    this.loaded = LoadedProgram.load(program, device);
  }

  private static Method latent(Method m) {
    Tensor mean = latents(m, "mean");
    Tensor deviation = latents(m, "log_variance").multiply(0.5).exp();
    Tensor noise = latents(m, "noise");
    Tensor shift = m.input("shift", FLOAT32, Dim.of(1)); // (1)
    Tensor scale = m.input("scale", FLOAT32, Dim.of(1)); // (1)
    return m.returns(
        mean.add(deviation.multiply(noise)).subtract(shift).multiply(scale)); // (B, C, h, w)
  }

  private static Tensor latents(Method m, String name) {
    return m.input(name, FLOAT32, B, C, Dim.named("h"), Dim.named("w")); // (B, C, h, w)
  }

  private static Method mix(Method m) {
    Tensor a = m.input("a", FLOAT32, B, Dim.of(1), Dim.of(1)); // (B, 1, 1)
    Tensor x = m.input("x", FLOAT32, B, S, C); // (B, S, C)
    Tensor b = m.input("b", FLOAT32, B, Dim.of(1), Dim.of(1)); // (B, 1, 1)
    Tensor y = m.input("y", FLOAT32, B, S, C); // (B, S, C)
    return m.returns(a.multiply(x).add(b.multiply(y))); // (B, S, C)
  }

  /**
   * Latents by their distribution: (mean + deviation noise - shift) scale.
   *
   * @param mean (B, C, h, w); so are {@code logVariance} and {@code noise}
   * @return (B, C, h, w)
   */
  NativeTensor latent(
      TensorScope owner,
      NativeTensor mean,
      NativeTensor logVariance,
      NativeTensor noise,
      double shift,
      double scale) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      return loaded
          .run(
              owner,
              latent,
              mean,
              logVariance,
              noise,
              temporary.floats(new float[] {(float) shift}, 1),
              temporary.floats(new float[] {(float) scale}, 1))
          .get(0);
    }
  }

  /**
   * a x + b y, with numbers of each picture.
   *
   * @param x (B, S, C); so is {@code y}
   * @return (B, S, C)
   */
  NativeTensor mix(TensorScope owner, double[] a, NativeTensor x, double[] b, NativeTensor y) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      return loaded
          .run(owner, mix, Batches.each(temporary, a, 1, 1), x, Batches.each(temporary, b, 1, 1), y)
          .get(0);
    }
  }

  @Override
  public void close() {
    loaded.close();
  }
}
