package io.fluxspark.training;

import static io.fluxspark.program.DataType.FLOAT32;

import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;

/**
 * Mixtures of pictures and noise, in float32.
 *
 * <p>Axes: B pictures, C channels of a latent, h x w its rows and columns.
 */
final class MixtureProgram {
  private static final Dim B = Dim.named("B");
  private static final Dim C = Dim.named("C");
  private static final Dim ROWS = Dim.named("h");
  private static final Dim COLUMNS = Dim.named("w");

  final Program program = new Program("Mixture");
  final Method latent = latent(program.method("latent"));
  final Method mix = mix(program.method("mix"));

  /** A latent by its distribution, (mean + deviation noise - shift) scale. */
  private static Method latent(Method m) {
    Tensor mean = latents(m, "mean");
    Tensor deviation = latents(m, "log_variance").multiply(0.5).exp();
    Tensor noise = latents(m, "noise");
    Tensor shift = m.input("shift", FLOAT32, Dim.of(1)); // (1)
    Tensor scale = m.input("scale", FLOAT32, Dim.of(1)); // (1)
    return m.returns(
        mean.add(deviation.multiply(noise)).subtract(shift).multiply(scale)); // (B, C, h, w)
  }

  /** a x + b noise, with a and b of each picture. */
  private static Method mix(Method m) {
    Tensor x = latents(m, "x");
    Tensor noise = latents(m, "noise");
    Tensor a = m.input("a", FLOAT32, B, Dim.of(1), Dim.of(1), Dim.of(1)); // (B, 1, 1, 1)
    Tensor b = m.input("b", FLOAT32, B, Dim.of(1), Dim.of(1), Dim.of(1)); // (B, 1, 1, 1)
    return m.returns(a.multiply(x).add(b.multiply(noise))); // (B, C, h, w)
  }

  private static Tensor latents(Method m, String name) {
    return m.input(name, FLOAT32, B, C, ROWS, COLUMNS); // (B, C, h, w)
  }
}
