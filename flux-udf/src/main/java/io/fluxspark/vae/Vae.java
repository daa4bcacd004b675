package io.fluxspark.vae;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.PeakMemory;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.ModelPart;
import io.fluxspark.weights.WeightPlan;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** FLUX.1's variational autoencoder with its weights. Several threads may use it at once. */
public final class Vae implements AutoCloseable {
  private final VaeProgram programs;
  private final ModelPart part;
  private final StripDecoder strips;

  private Vae(VaeProgram programs, ModelPart part, StripDecoder strips) {
    this.programs = programs;
    this.part = part;
    this.strips = strips;
  }

  /**
   * The mean and the logarithm of the variance of a picture's latent, (B, latent_channels, H / f, W
   * / f) each, float32, before shift and scale.
   */
  public record Moments(NativeTensor mean, NativeTensor logVariance) {}

  /**
   * Pictures as bytes.
   *
   * @param bytes (B, H, W, 3), uint8
   * @param finite (B), float32: 0 where all values of the picture were finite, else NaN
   */
  public record Pixels(NativeTensor bytes, NativeTensor finite) {}

  /**
   * Loads the weights.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} where the checkpoint does
   *     not fit the configuration
   */
  public static Vae load(VaeConfig config, Checkpoint checkpoint, Device device, DataType type) {
    VaeProgram programs = new VaeProgram(config, type);
    ModelPart part = ModelPart.load(programs.program, plan(config), checkpoint, device, type);
    try {
      return new Vae(programs, part, StripDecoder.load(programs, config, device, type));
    } catch (RuntimeException | Error e) {
      part.close();
      throw e;
    }
  }

  /**
   * An autoencoder in float32 whose weights may change.
   *
   * @param weights under their checkpoint names; they must stay open as long as the autoencoder
   */
  public static Vae of(VaeConfig config, Parameters weights) {
    VaeProgram programs = new VaeProgram(config, DataType.FLOAT32);
    ModelPart part = ModelPart.of(programs.program, plan(config), weights);
    try {
      return new Vae(
          programs, part, StripDecoder.load(programs, config, weights.device(), DataType.FLOAT32));
    } catch (RuntimeException | Error e) {
      part.close();
      throw e;
    }
  }

  /** The weights that an autoencoder of this configuration has. */
  public static WeightPlan plan(VaeConfig config) {
    VaeProgram programs = new VaeProgram(config, DataType.FLOAT32);
    List<WeightSpec> specs =
        Stream.of(programs.decode, programs.encode)
            .flatMap(m -> m.weightSpecs("weights").stream())
            .toList();
    return new WeightPlan(specs, List.of());
  }

  /**
   * The programs that run an autoencoder of this configuration, to be read or written to a file.
   */
  public static Program program(VaeConfig config, DataType type) {
    return new VaeProgram(config, type).program;
  }

  /**
   * The most memory of the device that {@link #decode} takes for a picture beside the weights,
   * reckoned from shapes.
   *
   * @param rows h, of the packed latents
   * @param columns w, of the packed latents
   * @return bytes
   */
  public static long decodingBytes(VaeConfig config, DataType type, long rows, long columns) {
    return PeakMemory.of(
        new VaeProgram(config, type).decode, Map.of("B", 1L, "h", rows, "w", columns));
  }

  /** As {@link #decodingBytes}, of {@link #decodeInStrips}. */
  public static long decodingBytesInStrips(
      VaeConfig config, DataType type, long rows, long columns) {
    return new StripProgram(new VaeProgram(config, type), config, type).peakBytes(rows, columns);
  }

  /** The most memory of the host that {@link #decodeInStrips} takes for a picture: bytes. */
  public static long hostBytesInStrips(VaeConfig config, DataType type, long rows, long columns) {
    return new StripProgram(new VaeProgram(config, type), config, type).hostBytes(rows, columns);
  }

  /** The programs for {@link #decodeInStrips}, as those of {@link #program}. */
  public static Program stripsProgram(VaeConfig config, DataType type) {
    return new StripProgram(new VaeProgram(config, type), config, type).program;
  }

  /**
   * Decodes latents.
   *
   * @param latent normalised by shift and scale, (B, latent_channels, 2 h, 2 w), float32
   * @return (B, 3, f 2 h, f 2 w), float32, around -1 to 1, where f is 8 for FLUX.1
   */
  public NativeTensor decode(TensorScope owner, NativeTensor latent) {
    return part.run(owner, programs.decode, part.own(), latent).get(0);
  }

  /**
   * Decodes latents with little of the device's memory: only a strip of the picture is there at a
   * time, what lies between two layers stays in the host's. It takes longer, and gives what {@link
   * #decode} gives but for the order of sums.
   *
   * <p>diffusers' {@code AutoencoderKL.tiled_decode} needs little memory too, but each of its tiles
   * has statistics and attention of its own, which makes another picture.
   *
   * @param latent normalised by shift and scale, (B, latent_channels, 2 h, 2 w), float32
   * @return (B, 3, f 2 h, f 2 w), float32, around -1 to 1
   */
  public NativeTensor decodeInStrips(TensorScope owner, NativeTensor latent) {
    return strips.decode(owner, part.own(), latent);
  }

  /**
   * Values to bytes.
   *
   * @param image (B, 3, H, W), float32, -1 to 1, cut there
   */
  public Pixels pixels(TensorScope owner, NativeTensor image) {
    List<NativeTensor> results = part.run(owner, programs.pixels, image);
    return new Pixels(results.get(0), results.get(1));
  }

  /**
   * Encodes pictures.
   *
   * @param image (B, 3, f 2 h, f 2 w), float32, -1 to 1
   */
  public Moments encode(TensorScope owner, NativeTensor image) {
    List<NativeTensor> moments = part.run(owner, programs.encode, part.own(), image);
    return new Moments(moments.get(0), moments.get(1));
  }

  /**
   * Bytes to values.
   *
   * @param bytes (B, H, W, 3), uint8
   * @return (B, 3, H, W), float32, -1 to 1
   */
  public NativeTensor values(TensorScope owner, NativeTensor bytes) {
    return part.run(owner, programs.values, bytes).get(0);
  }

  /**
   * A mask's bytes as numbers.
   *
   * @param bytes (B, 1, H, W), uint8, 0 or 1
   * @return (B, 1, H, W), float32
   */
  public NativeTensor mask(TensorScope owner, NativeTensor bytes) {
    return part.run(owner, programs.mask, bytes).get(0);
  }

  /**
   * A picture that is grey where the mask is 1.
   *
   * @param image (B, 3, H, W), float32, -1 to 1
   * @param mask (B, 1, H, W), float32, 0 or 1
   */
  public NativeTensor masked(TensorScope owner, NativeTensor image, NativeTensor mask) {
    return part.run(owner, programs.masked, image, mask).get(0);
  }

  /**
   * The most likely latent of a picture, normalised by shift and scale.
   *
   * @param image (B, 3, H, W), float32, -1 to 1
   * @return (B, latent_channels, H / f, W / f), float32
   */
  public NativeTensor mode(TensorScope owner, NativeTensor image) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      return part.run(owner, programs.mode, encode(temporary, image).mean()).get(0);
    }
  }

  /**
   * A latent of a picture by its distribution: mean + deviation noise, normalised by shift and
   * scale.
   *
   * @param image (B, 3, H, W), float32, -1 to 1
   * @param noise (B, latent_channels, H / f, W / f), float32
   * @return (B, latent_channels, H / f, W / f), float32
   */
  public NativeTensor sampled(TensorScope owner, NativeTensor image, NativeTensor noise) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      Moments moments = encode(temporary, image);
      return part.run(owner, programs.sampled, moments.mean(), moments.logVariance(), noise).get(0);
    }
  }

  /**
   * A mask at the latent's size.
   *
   * @param mask (B, 1, H, W), float32
   * @return (B, latent_channels, H / f, W / f), float32, the same in each channel
   */
  public NativeTensor maskLatent(TensorScope owner, NativeTensor mask) {
    return part.run(owner, programs.maskLatent, mask).get(0);
  }

  /**
   * A mask at the latent's size, whole: each pixel has a channel of its own.
   *
   * @param mask (B, 1, H, W), float32
   * @return (B, f f, H / f, W / f), float32
   */
  public NativeTensor maskChannels(TensorScope owner, NativeTensor mask) {
    return part.run(owner, programs.maskChannels, mask).get(0);
  }

  @Override
  public void close() {
    strips.close();
    part.close();
  }
}
