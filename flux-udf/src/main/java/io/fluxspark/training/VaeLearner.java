package io.fluxspark.training;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Opened;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Latents;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.vae.VaeTraining;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Teaches an autoencoder to give pictures back. */
public final class VaeLearner implements Learner {
  private final Opened opened = new Opened();
  private final VaeConfig config;
  private final VaeTraining training;
  private final Latents latents;
  private final Parameters weights;
  private final VaeTraining.LossWeights counts;

  /**
   * @param weights float32; they stay the caller's
   */
  public VaeLearner(
      VaeConfig config, Parameters weights, DataType type, VaeTraining.LossWeights counts) {
    Device device = weights.device();
    this.config = config;
    this.weights = weights;
    this.counts = counts;
    try {
      this.training = opened.add(VaeTraining.load(config, device, type));
      this.latents = opened.add(Latents.load(device));
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  @Override
  public List<TrainedPart> parts() {
    return List.of(new TrainedPart("vae", weights));
  }

  @Override
  public Map<String, Double> gradients(
      TensorScope temporary,
      List<Example> examples,
      SplittableRandom random,
      List<Parameters> sums,
      double share) {
    int batch = examples.size();
    int height = examples.get(0).height();
    int width = examples.get(0).width();
    int patch = 2 * config.scaleFactor();
    NativeTensor image = Batches.values(temporary, examples); // (B, 3, H, W)
    NativeTensor noise =
        latents
            .noise(
                temporary,
                Batches.seeds(random, batch),
                1,
                config.latentChannels(),
                height / patch,
                width / patch)
            .get(0); // (B, C, H / f, W / f)
    VaeTraining.Losses losses =
        training.gradients(temporary, weights, sums.get(0), image, noise, counts, share);
    Map<String, Double> means = new LinkedHashMap<>();
    double l1 = Batches.mean(losses.l1());
    double l2 = Batches.mean(losses.l2());
    double kl = Batches.mean(losses.kl());
    double edges = Batches.mean(losses.edges());
    means.put(
        "loss", counts.l1() * l1 + counts.l2() * l2 + counts.kl() * kl + counts.edges() * edges);
    means.put("l1", l1);
    means.put("l2", l2);
    means.put("kl", kl);
    means.put("edges", edges);
    return means;
  }

  @Override
  public void close() {
    opened.close();
  }
}
