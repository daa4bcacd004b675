package io.fluxspark.vae;

import static io.fluxspark.program.DataType.FLOAT32;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Gradient;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.Weights;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The gradients of an autoencoder's losses: how far what it decodes is from what it encoded, and
 * how far its latents are from normal numbers (Kingma and Welling 2014, "Auto-Encoding Variational
 * Bayes"). Several threads may use it at once.
 */
public final class VaeTraining implements AutoCloseable {
  private static final Dim B = Dim.named("B");

  private final LoadedProgram loaded;
  private final Gradient gradient;

  private VaeTraining(VaeConfig config, DataType type, Device device) {
    VaeProgram programs = new VaeProgram(config, type);
    Method losses = losses(programs, config, type);
    this.gradient = programs.program.gradient(losses, List.of());
    this.loaded = LoadedProgram.load(programs.program, device);
  }

  /**
   * Compiles the programs.
   *
   * @param type in which they compute
   */
  public static VaeTraining load(VaeConfig config, Device device, DataType type) {
    return new VaeTraining(config, type, device);
  }

  /**
   * How much each loss counts.
   *
   * @param l1 the mean of |decoded - picture|
   * @param l2 the mean of (decoded - picture)^2
   * @param kl the mean divergence of the latents' distribution from the normal one
   * @param edges the mean of |difference of neighbouring pixels, decoded - picture|
   */
  public record LossWeights(double l1, double l2, double kl, double edges)
      implements Serializable {}

  /** The losses of each picture, (B) each, float32; see {@link LossWeights}. */
  public record Losses(NativeTensor l1, NativeTensor l2, NativeTensor kl, NativeTensor edges) {}

  private static Method losses(VaeProgram programs, VaeConfig config, DataType type) {
    Method m = programs.program.method("losses");
    Weights w = m.weights("weights", type);
    Dim rows = Dim.named("h");
    Dim columns = Dim.named("w");
    long factor = 2L * config.scaleFactor();
    Tensor image =
        m.input(
            "image",
            FLOAT32,
            B,
            Dim.of(config.inChannels()),
            rows.times(factor),
            columns.times(factor)); // (B, 3, f 2 h, f 2 w)
    Tensor noise =
        m.input(
            "noise",
            FLOAT32,
            B,
            Dim.of(config.latentChannels()),
            rows.times(2),
            columns.times(2)); // (B, C, 2 h, 2 w)
    List<Tensor> moments = m.call(programs.encode, w, image);
    Tensor mean = moments.get(0); // (B, C, 2 h, 2 w)
    Tensor logVariance = moments.get(1); // (B, C, 2 h, 2 w)
    Tensor latent =
        programs.normalised(
            mean.add(logVariance.multiply(0.5).exp().multiply(noise))); // (B, C, 2 h, 2 w)
    Tensor error = m.call(programs.decode, w, latent).get(0).subtract(image); // (B, 3, H, W)
    Tensor kl = mean.square().add(logVariance.exp()).add(-1).subtract(logVariance).multiply(0.5);
    Tensor right = difference(error, 3); // (B, 3, H, W - 1)
    Tensor down = difference(error, 2); // (B, 3, H - 1, W)
    return m.returns(
        error.abs().meanOfEach(),
        error.square().meanOfEach(),
        kl.meanOfEach(),
        right.abs().meanOfEach().add(down.abs().meanOfEach()).multiply(0.5)); // (B) each
  }

  /** Each value of (B, C, H, W) minus the one before it along an axis. */
  private static Tensor difference(Tensor x, int axis) {
    Dim less = x.size(axis).plus(Dim.of(-1));
    return x.narrow(axis, Dim.of(1), less).subtract(x.narrow(axis, Dim.of(0), less));
  }

  /**
   * Adds the gradients of the mean loss of some pictures.
   *
   * @param weights of the autoencoder, under their checkpoint names
   * @param sums of the gradients
   * @param image (B, 3, H, W), float32, -1 to 1
   * @param noise normal numbers, (B, latent_channels, H / f, W / f), float32
   * @param share by how much the mean of these pictures counts
   */
  public Losses gradients(
      TensorScope owner,
      Parameters weights,
      Parameters sums,
      NativeTensor image,
      NativeTensor noise,
      LossWeights counts,
      double share) {
    int batch = (int) image.shape()[0];
    try (TensorScope temporary = new TensorScope(owner.device())) {
      List<NativeTensor> results =
          loaded.run(
              owner,
              gradient,
              List.of(weights),
              sums,
              Map.of("image", image, "noise", noise),
              List.of(
                  each(temporary, batch, share * counts.l1()),
                  each(temporary, batch, share * counts.l2()),
                  each(temporary, batch, share * counts.kl()),
                  each(temporary, batch, share * counts.edges())));
      return new Losses(results.get(0), results.get(1), results.get(2), results.get(3));
    }
  }

  private static NativeTensor each(TensorScope owner, int batch, double total) {
    float[] numbers = new float[batch];
    Arrays.fill(numbers, (float) (total / batch));
    return owner.floats(numbers, batch);
  }

  @Override
  public void close() {
    loaded.close();
  }
}
