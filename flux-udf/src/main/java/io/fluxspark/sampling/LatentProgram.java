package io.fluxspark.sampling;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;

/**
 * What happens to latents between the noise and the decoder, all in float32.
 *
 * <p>Axes: B pictures, C channels of a packed token (4 times the latent's), S = h * w tokens.
 */
final class LatentProgram {
  private static final Dim B = Dim.named("B");
  private static final Dim S = Dim.named("S");
  private static final Dim C = Dim.named("C");
  private static final Dim ROWS = Dim.named("h");
  private static final Dim COLUMNS = Dim.named("w");
  private static final Dim TWO = Dim.of(2);

  final Program program = new Program("Latents");
  final Method noise = noise(program.method("noise"));
  final Method pack = pack(program.method("pack"));
  final Method unpack = unpack(program.method("unpack"));
  final Method draw = draw(program.method("draw"));
  final Method mix = mix(program.method("mix"));
  final Method keep = keep(program.method("keep"));
  final Method besides = join(program.method("besides"), 1);
  final Method deeper = join(program.method("deeper"), 2);
  final Method first = first(program.method("first"));
  final Method guide = guide(program.method("guide"));
  final Method picture = picture(program.method("picture"));
  final Method finite = finite(program.method("finite"));

  /** Noise as diffusers draws it on the CPU: one generator a row, N tensors from each. */
  private static Method noise(Method m) {
    Method.Seeds seeds = m.seeds("seeds", B);
    return m.returns(
        m.normal(seeds, m.size("N"), m.size("C"), m.size("H"), m.size("W"))); // (B, N, C, H, W)
  }

  /** One of the tensors that each generator drew. */
  private static Method draw(Method m) {
    Dim index = m.size("index");
    Tensor drawn =
        m.input("drawn", DataType.FLOAT32, B, Dim.named("N"), C, ROWS, COLUMNS); // (B, N, C, H, W)
    return m.returns(drawn.narrow(1, index, Dim.of(1)).flatten(1, 2)); // (B, C, H, W)
  }

  /** a x + b y. */
  private static Method mix(Method m) {
    Tensor a = m.input("a", DataType.FLOAT32, Dim.of(1)); // (1)
    Tensor x = m.input("x", DataType.FLOAT32, B, S, C); // (B, S, C)
    Tensor b = m.input("b", DataType.FLOAT32, Dim.of(1)); // (1)
    Tensor y = m.input("y", DataType.FLOAT32, B, S, C); // (B, S, C)
    return m.returns(a.multiply(x).add(b.multiply(y)));
  }

  /** (1 - mask) known + mask x: what is made where the mask is 1, what is known elsewhere. */
  private static Method keep(Method m) {
    Tensor mask = m.input("mask", DataType.FLOAT32, B, S, C); // (B, S, C)
    Tensor known = m.input("known", DataType.FLOAT32, B, S, C); // (B, S, C)
    Tensor x = m.input("x", DataType.FLOAT32, B, S, C); // (B, S, C)
    return m.returns(mask.negate().add(1).multiply(known).add(mask.multiply(x)));
  }

  /** Two tensors joined: more tokens (axis 1), or more channels of each token (axis 2). */
  private static Method join(Method m, int axis) {
    Dim more = Dim.named("M");
    Tensor x = m.input("x", DataType.FLOAT32, B, S, C); // (B, S, C)
    Tensor other =
        axis == 1
            ? m.input("other", DataType.FLOAT32, B, more, C) // (B, M, C)
            : m.input("other", DataType.FLOAT32, B, S, more); // (B, S, M)
    return m.returns(Tensor.concat(axis, x, other)); // (B, S + M, C) or (B, S, C + M)
  }

  /** The first n tokens. */
  private static Method first(Method m) {
    Dim count = m.size("n");
    Tensor x = m.input("x", DataType.FLOAT32, B, S, C); // (B, S, C)
    return m.returns(x.narrow(1, Dim.of(0), count)); // (B, n, C)
  }

  /** Patches of 2 x 2 to tokens, row by row: channel, then the patch's row, then its column. */
  private static Method pack(Method m) {
    Tensor x =
        m.input(
            "latents", DataType.FLOAT32, B, C, ROWS.times(2), COLUMNS.times(2)); // (B, C, 2 h, 2 w)
    Tensor patches = x.unflatten(3, COLUMNS, TWO).unflatten(2, ROWS, TWO); // (B, C, h, 2, w, 2)
    return m.returns(
        patches.permute(0, 2, 4, 1, 3, 5).flatten(3, 5).flatten(1, 2)); // (B, h w, 4 C)
  }

  /** The reverse of {@link #pack}. */
  private static Method unpack(Method m) {
    Dim rows = m.size("h");
    Dim columns = m.size("w");
    Tensor x =
        m.input("tokens", DataType.FLOAT32, B, rows.times(columns), C.times(4)); // (B, h w, 4 C)
    Tensor patches =
        x.unflatten(2, C, Dim.of(4))
            .unflatten(3, TWO, TWO)
            .unflatten(1, rows, columns); // (B, h, w, C, 2, 2)
    return m.returns(
        patches.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)); // (B, C, 2 h, 2 w)
  }

  /** True classifier-free guidance: negative + scale (positive - negative), with a scale a row. */
  private static Method guide(Method m) {
    Tensor positive = m.input("positive", DataType.FLOAT32, B, S, C); // (B, S, C)
    Tensor negative = m.input("negative", DataType.FLOAT32, B, S, C); // (B, S, C)
    Tensor scale = m.input("scale", DataType.FLOAT32, B, Dim.of(1), Dim.of(1)); // (B, 1, 1)
    return m.returns(negative.add(scale.multiply(positive.subtract(negative))));
  }

  private static Method picture(Method m) {
    Dim index = m.size("index");
    Tensor x = m.input("x", DataType.FLOAT32, B, S, C); // (B, S, C)
    return m.returns(x.narrow(0, index, Dim.of(1))); // (1, S, C)
  }

  /** x - x summed a row: 0 where all of it is finite, else NaN. */
  private static Method finite(Method m) {
    Tensor x = m.input("x", DataType.FLOAT32, B, S, C); // (B, S, C)
    return m.returns(x.subtract(x).flatten(1, 2).sumLast()); // (B)
  }
}
