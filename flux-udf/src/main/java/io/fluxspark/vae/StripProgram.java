package io.fluxspark.vae;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.PeakMemory;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The decoder as tensor programs for a strip of a picture at a time: the same layers in the same
 * order as {@link VaeProgram#decode}, but each is a method of its own, so that what lies between
 * two layers can be kept elsewhere.
 *
 * <p>Axes: B pictures, C channels, G groups of a norm, R rows of a strip, W columns. A haloed strip
 * has one row more of each neighbour. A convolution over it has every row that it needs; of its
 * result, {@code rows} rows from {@code top} on are the strip's own.
 */
final class StripProgram {
  /** Rows of a strip at the size of the latent; each upsampling doubles them. */
  static final int ROWS = 4;

  private static final Dim B = Dim.named("B");
  private static final Dim R = Dim.named("R");
  private static final Dim W = Dim.named("W");

  /** A residual block: {@code first}, then {@code second} on what it gave. */
  record Resnet(Method first, Method second) {}

  /** The residual blocks of one resolution, and the step to the next one. */
  record Block(List<Resnet> resnets, Optional<Method> upsample) {}

  private final VaeProgram whole;
  private final VaeConfig config;
  private final DataType type;
  private final Dim groups;

  final Program program = new Program("VaeStrips");
  final Method begin;
  final Method part;
  final Method haloed;
  final Method sums;
  final Method squares;
  final List<Block> blocks = new ArrayList<>();
  final Method end;

  StripProgram(VaeProgram whole, VaeConfig config, DataType type) {
    this.whole = whole;
    this.config = config;
    this.type = type;
    this.groups = Dim.of(config.normNumGroups());
    this.begin = begin(program.method("begin"));
    this.part = part(program.method("part"));
    this.haloed = haloed(program.method("haloed"));
    this.sums = sums(program.method("sums"));
    this.squares = squares(program.method("squares"));
    List<Integer> channels = config.blockOutChannels();
    int in = channels.get(channels.size() - 1);
    for (int i = 0; i < channels.size(); i++) {
      int out = channels.get(channels.size() - 1 - i);
      List<Resnet> resnets = new ArrayList<>();
      for (int j = 0; j <= config.layersPerBlock(); j++) {
        resnets.add(resnet("up_blocks." + i + ".resnets." + j, j == 0 ? in : out, out));
      }
      String upsampler = "up_blocks." + i + ".upsamplers.0";
      blocks.add(
          new Block(
              resnets,
              i < channels.size() - 1 ? Optional.of(upsample(upsampler, out)) : Optional.empty()));
      in = out;
    }
    this.end = end(program.method("end"), in);
  }

  /**
   * The most memory of the device that decoding a picture takes beside the weights.
   *
   * @param rows h, of the packed latents
   * @param columns w, of the packed latents
   */
  long peakBytes(long rows, long columns) {
    long most = PeakMemory.of(begin, Map.of("B", 1L, "h", rows, "w", columns));
    long stripRows = Math.min(ROWS, 2 * rows);
    long width = 2 * columns;
    for (Block block : blocks) {
      Map<String, Long> sizes = sizes(stripRows, width);
      for (Resnet resnet : block.resnets()) {
        most = Math.max(most, PeakMemory.of(resnet.first(), sizes));
        most = Math.max(most, PeakMemory.of(resnet.second(), sizes));
      }
      if (block.upsample().isPresent()) {
        most = Math.max(most, PeakMemory.of(block.upsample().get(), sizes));
        stripRows *= 2;
        width *= 2;
      }
    }
    return Math.max(most, PeakMemory.of(end, sizes(stripRows, width)));
  }

  /**
   * The most memory of the host that decoding a picture takes: what a layer is given, what the one
   * before was given where both are added, and what it gives, all of the whole picture.
   *
   * @param rows h, of the packed latents
   * @param columns w, of the packed latents
   */
  long hostBytes(long rows, long columns) {
    List<Integer> channels = config.blockOutChannels();
    long pixels = 4 * rows * columns;
    long in = channels.get(channels.size() - 1);
    long most = 0;
    for (int i = 0; i < channels.size(); i++) {
      long out = channels.get(channels.size() - 1 - i);
      most = Math.max(most, (in + 2 * out) * pixels);
      if (blocks.get(i).upsample().isPresent()) {
        most = Math.max(most, out * 5 * pixels);
        pixels *= 4;
      }
      in = out;
    }
    return most * type.bytes();
  }

  /** Of a strip with a row of each neighbour. */
  private static Map<String, Long> sizes(long rows, long width) {
    return Map.of("B", 1L, "R", rows + 2, "rows", rows, "top", 1L, "W", width);
  }

  /** What the whole picture is needed for, at the size of its latent: up to the middle block. */
  private Method begin(Method m) {
    Weights w = m.weights("weights", type);
    return m.returns(whole.decoderStart(w, whole.latent(m))); // (B, top, 2 h, 2 w)
  }

  /** Rows of a picture. */
  private Method part(Method m) {
    Dim start = m.size("start");
    Dim rows = m.size("rows");
    Tensor x = m.input("x", type, B, Dim.named("C"), Dim.named("H"), W);
    return m.returns(x.narrow(2, start, rows).contiguous()); // (B, C, rows, W)
  }

  /** A strip with the last {@code top} rows of the one above and the first of the one below. */
  private Method haloed(Method m) {
    Dim start = m.size("start");
    Dim top = m.size("top");
    Dim bottom = m.size("bottom");
    Dim channels = Dim.named("C");
    Tensor above = m.input("above", type, B, channels, Dim.named("P"), W);
    Tensor x = m.input("x", type, B, channels, R, W);
    Tensor below = m.input("below", type, B, channels, Dim.named("Q"), W);
    return m.returns(
        Tensor.concat(
            2,
            above.narrow(2, start, top),
            x,
            below.narrow(2, Dim.of(0), bottom))); // (B, C, top + R + bottom, W)
  }

  /** The sum of each group of channels, (B, G). */
  private Method sums(Method m) {
    return m.returns(grouped(anyChannels(m)).flatten(2, 4).sumLast());
  }

  /** The sum of the squared distances from a value a group, (B, G). */
  private Method squares(Method m) {
    Tensor x = anyChannels(m);
    Tensor distance = grouped(x).subtract(aGroup(m.input("value", DataType.FLOAT32, B, groups)));
    return m.returns(distance.multiply(distance).flatten(2, 4).sumLast());
  }

  private Tensor anyChannels(Method m) {
    return m.input("x", type, B, Dim.named("K").times(groups), R, W); // (B, G K, R, W)
  }

  /** (B, G K, R, W) to (B, G, K, R, W), float32. */
  private Tensor grouped(Tensor x) {
    return x.to(DataType.FLOAT32).unflatten(1, groups, x.size(1).dividedBy(groups.constant()));
  }

  /** (B, G) to (B, G, 1, 1, 1). */
  private static Tensor aGroup(Tensor x) {
    return x.unsqueeze(-1).unsqueeze(-1).unsqueeze(-1);
  }

  private Resnet resnet(String name, int in, int out) {
    String method = name.replace('.', '_');
    return new Resnet(
        first(program.method(method + "_first"), "decoder." + name, in, out),
        second(program.method(method + "_second"), "decoder." + name, in, out));
  }

  private Method first(Method m, String name, int in, int out) {
    Weights w = m.weights("weights", type);
    Dim top = m.size("top");
    Dim rows = m.size("rows");
    Tensor x = norm(m, w, name + ".norm1", in).silu(); // (B, in, R, W)
    x = w.conv2d(name + ".conv1", x, out, 3, 1, 1);
    return m.returns(x.narrow(2, top, rows)); // (B, out, rows, W)
  }

  private Method second(Method m, String name, int in, int out) {
    Weights w = m.weights("weights", type);
    Dim top = m.size("top");
    Dim rows = m.size("rows");
    Tensor y = norm(m, w, name + ".norm2", out).silu(); // (B, out, R, W)
    y = w.conv2d(name + ".conv2", y, out, 3, 1, 1).narrow(2, top, rows); // (B, out, rows, W)
    Tensor x = m.input("before", type, B, Dim.of(in), rows, W); // (B, in, rows, W)
    Tensor straight = in == out ? x : w.conv2d(name + ".conv_shortcut", x, out, 1, 1, 0);
    return m.returns(straight.add(y));
  }

  private Method upsample(String name, int channels) {
    Method m = program.method(name.replace('.', '_'));
    Weights w = m.weights("weights", type);
    Dim top = m.size("top");
    Dim rows = m.size("rows");
    Tensor x = m.input("x", type, B, Dim.of(channels), R, W);
    x = w.conv2d("decoder." + name + ".conv", x.upsampleNearestTwice(), channels, 3, 1, 1);
    return m.returns(x.narrow(2, top.times(2), rows.times(2))); // (B, C, 2 rows, 2 W)
  }

  private Method end(Method m, int in) {
    Weights w = m.weights("weights", type);
    Dim top = m.size("top");
    Dim rows = m.size("rows");
    Tensor x = norm(m, w, "decoder.conv_norm_out", in).silu(); // (B, in, R, W)
    x = w.conv2d("decoder.conv_out", x, config.outChannels(), 3, 1, 1);
    return m.returns(x.narrow(2, top, rows).to(DataType.FLOAT32)); // (B, 3, rows, W)
  }

  /** Group norm of a strip with the statistics of the whole; in float32, as PyTorch's own. */
  private Tensor norm(Method m, Weights w, String name, int channels) {
    Tensor x = m.input("x", type, B, Dim.of(channels), R, W);
    Tensor mean = m.input("mean", DataType.FLOAT32, B, groups);
    Tensor scale = m.input("scale", DataType.FLOAT32, B, groups);
    Tensor y = grouped(x).subtract(aGroup(mean)).multiply(aGroup(scale)); // (B, G, C / G, R, W)
    return y.flatten(1, 2)
        .multiply(aChannel(w.get(name + ".weight", channels)))
        .add(aChannel(w.get(name + ".bias", channels)))
        .to(type); // (B, C, R, W)
  }

  /** (C) to (C, 1, 1), float32. */
  private static Tensor aChannel(Tensor x) {
    return x.to(DataType.FLOAT32).unsqueeze(-1).unsqueeze(-1);
  }
}
