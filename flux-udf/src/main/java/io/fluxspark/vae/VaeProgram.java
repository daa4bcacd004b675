package io.fluxspark.vae;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.Weights;
import java.util.Arrays;
import java.util.List;

/**
 * FLUX.1's variational autoencoder as tensor programs, with the weight names of diffusers' {@code
 * AutoencoderKL}.
 *
 * <p>Axes: B pictures, C channels, h x w the packed latents' rows and columns. A latent is 2 h x 2
 * w, a picture {@code f} times that.
 */
final class VaeProgram {
  static final double EPS = 1e-6;
  private static final Dim B = Dim.named("B");
  private static final Dim ROWS = Dim.named("h");
  private static final Dim COLUMNS = Dim.named("w");

  private final VaeConfig config;
  private final DataType type;
  private final List<Integer> channels;
  private final int top;

  final Program program = new Program("Vae");
  final Method decode;
  final Method pixels;
  final Method encode;
  final Method values;
  final Method mask;
  final Method masked;
  final Method mode;
  final Method sampled;
  final Method maskLatent;
  final Method maskChannels;

  VaeProgram(VaeConfig config, DataType type) {
    this.config = config;
    this.type = type;
    this.channels = config.blockOutChannels();
    this.top = channels.get(channels.size() - 1);
    this.decode = decode(program.method("decode"));
    this.pixels = pixels(program.method("pixels"));
    this.encode = encode(program.method("encode"));
    this.values = values(program.method("values"));
    this.mask = mask(program.method("mask"));
    this.masked = masked(program.method("masked"));
    this.mode = mode(program.method("mode"));
    this.sampled = sampled(program.method("sampled"));
    this.maskLatent = maskLatent(program.method("mask_latent"));
    this.maskChannels = maskChannels(program.method("mask_channels"));
  }

  /** A normalised latent to a picture of values around -1 to 1. */
  private Method decode(Method m) {
    Weights w = m.weights("weights", type);
    Tensor x = decoderStart(w, latent(m)); // (B, top, 2 h, 2 w)
    Weights decoder = w.in("decoder");
    for (int i = 0; i < channels.size(); i++) {
      Weights block = decoder.in("up_blocks." + i);
      int out = channels.get(channels.size() - 1 - i);
      for (int j = 0; j <= config.layersPerBlock(); j++) {
        x = resnet(block.in("resnets." + j), x, out);
      }
      if (i < channels.size() - 1) {
        x =
            block.conv2d(
                "upsamplers.0.conv",
                x.upsampleNearestTwice(),
                out,
                3,
                1,
                1); // rows and columns twice
      }
    }
    x = norm(decoder, "conv_norm_out", x).silu();
    x = decoder.conv2d("conv_out", x, config.outChannels(), 3, 1, 1); // (B, 3, f 2 h, f 2 w)
    return m.returns(x.to(DataType.FLOAT32));
  }

  Tensor latent(Method m) {
    return m.input(
        "latent",
        DataType.FLOAT32,
        B,
        Dim.of(config.latentChannels()),
        ROWS.times(2),
        COLUMNS.times(2)); // (B, C, 2 h, 2 w)
  }

  /** The decoder up to its middle block: (B, C, 2 h, 2 w) to (B, top, 2 h, 2 w). */
  Tensor decoderStart(Weights w, Tensor latent) {
    Tensor x = latent.divide(config.scalingFactor()).add(config.shiftFactor()).to(type);
    if (config.usePostQuantConv()) {
      x = w.conv2d("post_quant_conv", x, config.latentChannels(), 1, 1, 0);
    }
    x = w.conv2d("decoder.conv_in", x, top, 3, 1, 1); // (B, top, 2 h, 2 w)
    return middle(w.in("decoder.mid_block"), x);
  }

  /**
   * Values -1 to 1 to bytes, as diffusers' image processor rounds them: half to even; and 0 a
   * picture, or NaN.
   */
  private Method pixels(Method m) {
    Tensor image = m.input("image", DataType.FLOAT32, B, Dim.of(3), ROWS, COLUMNS); // (B, 3, H, W)
    Tensor unit = image.multiply(0.5).add(0.5).clamp(0, 1);
    return m.returns(
        unit.multiply(255)
            .round()
            .to(DataType.UINT8)
            .permute(0, 2, 3, 1)
            .contiguous(), // (B, H, W, 3)
        image
            .subtract(image)
            .flatten(1, 3)
            .sumLast()); // (B): 0 where all values are finite, else NaN
  }

  /**
   * A picture of values -1 to 1 to the mean and the logarithm of the variance of its latent, not
   * normalised.
   */
  private Method encode(Method m) {
    Weights w = m.weights("weights", type);
    long factor = 2L << (channels.size() - 1);
    Tensor image =
        m.input(
            "image",
            DataType.FLOAT32,
            B,
            Dim.of(config.inChannels()),
            ROWS.times(factor),
            COLUMNS.times(factor)); // (B, 3, f 2 h, f 2 w)
    Weights encoder = w.in("encoder");
    Tensor x = encoder.conv2d("conv_in", image.to(type), channels.get(0), 3, 1, 1);
    for (int i = 0; i < channels.size(); i++) {
      Weights block = encoder.in("down_blocks." + i);
      for (int j = 0; j < config.layersPerBlock(); j++) {
        x = resnet(block.in("resnets." + j), x, channels.get(i));
      }
      if (i < channels.size() - 1) {
        x =
            block.conv2d(
                "downsamplers.0.conv",
                x.padRightAndBottom(1, 1),
                channels.get(i),
                3,
                2,
                0); // half of both
      }
    }
    x = middle(encoder.in("mid_block"), x); // (B, top, 2 h, 2 w)
    x = norm(encoder, "conv_norm_out", x).silu();
    x = encoder.conv2d("conv_out", x, 2L * config.latentChannels(), 3, 1, 1); // (B, 2 C, 2 h, 2 w)
    if (config.useQuantConv()) {
      x = w.conv2d("quant_conv", x, 2L * config.latentChannels(), 1, 1, 0);
    }
    Dim half = Dim.of(config.latentChannels());
    Tensor moments = x.to(DataType.FLOAT32);
    return m.returns(
        moments.narrow(1, Dim.of(0), half), moments.narrow(1, half, half).clamp(-30, 20));
  }

  /** Bytes to values -1 to 1, as diffusers' image processor scales them. */
  private static Method values(Method m) {
    Tensor bytes = m.input("bytes", DataType.UINT8, B, ROWS, COLUMNS, Dim.of(3)); // (B, H, W, 3)
    Tensor unit = bytes.permute(0, 3, 1, 2).to(DataType.FLOAT32).divide(255); // (B, 3, H, W)
    return m.returns(unit.multiply(2).add(-1).contiguous());
  }

  /** A mask's bytes, 0 or 1, as numbers. */
  private static Method mask(Method m) {
    Tensor bytes = m.input("bytes", DataType.UINT8, B, Dim.of(1), ROWS, COLUMNS); // (B, 1, H, W)
    return m.returns(bytes.to(DataType.FLOAT32));
  }

  /** image (1 - mask): grey where the mask is 1. */
  private static Method masked(Method m) {
    Tensor image = m.input("image", DataType.FLOAT32, B, Dim.of(3), ROWS, COLUMNS); // (B, 3, H, W)
    Tensor mask = m.input("mask", DataType.FLOAT32, B, Dim.of(1), ROWS, COLUMNS); // (B, 1, H, W)
    return m.returns(image.multiply(mask.negate().add(1)));
  }

  private Tensor moment(Method m, String name) {
    return m.input(
        name,
        DataType.FLOAT32,
        B,
        Dim.of(config.latentChannels()),
        ROWS,
        COLUMNS); // (B, C, 2 h, 2 w)
  }

  /** The distribution's mode, normalised by shift and scale. */
  private Method mode(Method m) {
    return m.returns(normalised(moment(m, "mean"))); // (B, C, 2 h, 2 w)
  }

  /** mean + exp(log variance / 2) noise, normalised by shift and scale. */
  private Method sampled(Method m) {
    Tensor mean = moment(m, "mean"); // (B, C, 2 h, 2 w)
    Tensor deviation = moment(m, "log_variance").multiply(0.5).exp(); // (B, C, 2 h, 2 w)
    return m.returns(normalised(mean.add(deviation.multiply(moment(m, "noise")))));
  }

  Tensor normalised(Tensor latent) {
    return latent.add(-config.shiftFactor()).multiply(config.scalingFactor());
  }

  private Tensor maskOfPatches(Method m) {
    long factor = config.scaleFactor();
    return m.input(
            "mask", DataType.FLOAT32, B, Dim.of(1), ROWS.times(factor), COLUMNS.times(factor))
        .unflatten(3, COLUMNS, Dim.of(factor))
        .unflatten(2, ROWS, Dim.of(factor)); // (B, 1, 2 h, f, 2 w, f)
  }

  /** A mask at the latent's size, by the first pixel of each patch, the same in each channel. */
  private Method maskLatent(Method m) {
    Tensor small = maskOfPatches(m).select(5, 0).select(3, 0); // (B, 1, 2 h, 2 w)
    Tensor[] channelsOfOne = new Tensor[config.latentChannels()];
    Arrays.fill(channelsOfOne, small);
    return m.returns(Tensor.concat(1, channelsOfOne)); // (B, C, 2 h, 2 w)
  }

  /** A mask at the latent's size, with a channel for each pixel of a patch, row by row. */
  private Method maskChannels(Method m) {
    return m.returns(
        maskOfPatches(m)
            .select(1, 0)
            .permute(0, 2, 4, 1, 3)
            .flatten(1, 2)
            .contiguous()); // (B, f f, 2 h, 2 w)
  }

  private Tensor middle(Weights w, Tensor x) {
    x = resnet(w.in("resnets.0"), x, top);
    if (config.midBlockAddAttention()) {
      x = attention(w.in("attentions.0"), x);
    }
    return resnet(w.in("resnets.1"), x, top);
  }

  private Tensor resnet(Weights w, Tensor x, int out) {
    Tensor y = w.conv2d("conv1", norm(w, "norm1", x).silu(), out, 3, 1, 1); // (B, out, H, W)
    y = w.conv2d("conv2", norm(w, "norm2", y).silu(), out, 3, 1, 1);
    Tensor straight =
        x.size(1).equals(Dim.of(out)) ? x : w.conv2d("conv_shortcut", x, out, 1, 1, 0);
    return straight.add(y);
  }

  /** Every pixel looks at every other, with one head. */
  private Tensor attention(Weights w, Tensor x) {
    Tensor tokens =
        norm(w, "group_norm", x).flatten(2, 3).transpose(1, 2).unsqueeze(1); // (B, 1, H W, C)
    Tensor attended =
        w.linear("to_q", tokens, top)
            .attention(
                w.linear("to_k", tokens, top), w.linear("to_v", tokens, top)); // (B, 1, H W, C)
    Tensor out = w.linear("to_out.0", attended, top).transpose(2, 3).flatten(1, 2); // (B, C, H W)
    return x.add(out.unflatten(-1, x.size(2), x.size(3)));
  }

  private Tensor norm(Weights w, String name, Tensor x) {
    return w.groupNorm(name, x, config.normNumGroups(), EPS);
  }
}
