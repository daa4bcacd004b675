package io.fluxspark.training;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.sampling.Latents;
import io.fluxspark.sampling.NoisePath;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.transformer.TransformerTraining;
import io.fluxspark.vae.VaeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;

/** Teaches a transformer the way from noise to picture. */
public final class FlowLearner implements Learner {
  private static final int TRAIN_TIMESTEPS = 1000;

  private final TransformerConfig transformerConfig;
  private final VaeConfig vaeConfig;
  private final Settings settings;
  private final Parameters weights;
  private final List<Parameters> allWeights;
  private final TextLearner texts;
  private final TransformerTraining training;
  private final Latents latents;
  private final MixtureProgram programs = new MixtureProgram();
  private final LoadedProgram mixture;

  /**
   * What is asked for.
   *
   * @param path from picture to noise
   * @param timesteps which of its points
   * @param captionDropout the share of examples whose caption is replaced by the empty one, 0 to 1
   * @param empty an example with the empty caption
   * @param guidanceScale what a model with a guidance embedding is told
   */
  public record Settings(
      NoisePath path,
      Timesteps timesteps,
      double captionDropout,
      Example empty,
      double guidanceScale) {}

  FlowLearner(
      TransformerConfig transformerConfig,
      VaeConfig vaeConfig,
      Parameters weights,
      List<Parameters> frozen,
      TextLearner texts,
      DataType type,
      Settings settings) {
    Device device = weights.device();
    this.transformerConfig = transformerConfig;
    this.vaeConfig = vaeConfig;
    this.settings = settings;
    this.weights = weights;
    this.allWeights = new ArrayList<>(frozen);
    this.allWeights.add(weights);
    this.texts = texts;
    this.training =
        TransformerTraining.load(transformerConfig, device, type, WeightStorage.AS_COMPUTED);
    this.latents = Latents.load(device);
    this.mixture = LoadedProgram.load(programs.program, device);
  }

  @Override
  public List<TrainedPart> parts() {
    List<TrainedPart> parts = new ArrayList<>();
    parts.add(new TrainedPart("transformer", weights));
    parts.addAll(texts.parts());
    return parts;
  }

  @Override
  public Map<String, Double> gradients(
      TensorScope temporary,
      List<Example> examples,
      SplittableRandom random,
      List<Parameters> sums,
      double share) {
    int batch = examples.size();
    int rows = examples.get(0).height() / (2 * vaeConfig.scaleFactor());
    int columns = examples.get(0).width() / (2 * vaeConfig.scaleFactor());
    List<NativeTensor> noise =
        latents.noise(
            temporary,
            Batches.seeds(random, batch),
            2,
            vaeConfig.latentChannels(),
            rows,
            columns); // (B, C, 2 h, 2 w) each
    NativeTensor x = latent(temporary, examples, noise.get(0), rows, columns); // (B, C, 2 h, 2 w)
    double[] t =
        DoubleStream.generate(() -> settings.timesteps().draw(random)).limit(batch).toArray();
    List<Example> told =
        examples.stream()
            .map(e -> random.nextDouble() < settings.captionDropout() ? settings.empty() : e)
            .toList();
    NoisePath.Point[] points =
        Arrays.stream(t).mapToObj(settings.path()::at).toArray(NoisePath.Point[]::new);
    NativeTensor shown =
        mixed(
            temporary,
            x,
            noise.get(1),
            Arrays.stream(points).mapToDouble(NoisePath.Point::signal),
            Arrays.stream(points).mapToDouble(NoisePath.Point::noise)); // (B, S, 4 C)
    NativeTensor target =
        mixed(
            temporary,
            x,
            noise.get(1),
            Arrays.stream(points).mapToDouble(NoisePath.Point::targetSignal),
            Arrays.stream(points).mapToDouble(NoisePath.Point::targetNoise)); // (B, S, 4 C)
    TextLearner.Text text = texts.encode(temporary, told);
    TransformerTraining.Result result =
        training.gradients(
            temporary,
            allWeights,
            sums.get(0),
            new TransformerTraining.Shown(
                shown,
                text.hidden(),
                text.pooled(),
                each(temporary, Arrays.stream(t).map(s -> s * TRAIN_TIMESTEPS)),
                each(temporary, DoubleStream.generate(settings::guidanceScale).limit(batch)),
                Rotary.of(
                    temporary,
                    transformerConfig.axesDimsRope(),
                    (int) text.hidden().shape()[1],
                    List.of(new Rotary.Grid(0, rows, columns)))),
            target,
            filled(batch, (float) (share / batch)));
    texts.gradients(
        told,
        sums.subList(1, sums.size()),
        new TextLearner.Text(result.t5Hidden(), result.pooled()));
    return Map.of("loss", Batches.mean(result.losses()));
  }

  private NativeTensor latent(
      TensorScope owner, List<Example> examples, NativeTensor noise, int rows, int columns) {
    long[] shape = {vaeConfig.latentChannels(), 2L * rows, 2L * columns};
    return mixture
        .run(
            owner,
            programs.latent,
            Batches.floats(owner, examples, Example::mean, shape),
            Batches.floats(owner, examples, Example::logVariance, shape),
            noise,
            owner.floats(new float[] {(float) vaeConfig.shiftFactor()}, 1),
            owner.floats(new float[] {(float) vaeConfig.scalingFactor()}, 1))
        .get(0);
  }

  private NativeTensor mixed(
      TensorScope owner, NativeTensor x, NativeTensor noise, DoubleStream a, DoubleStream b) {
    NativeTensor mixed =
        mixture
            .run(owner, programs.mix, x, noise, each(owner, a, 1, 1, 1), each(owner, b, 1, 1, 1))
            .get(0);
    return latents.pack(owner, mixed);
  }

  /** A number of each example, (B, ones). */
  private static NativeTensor each(TensorScope owner, DoubleStream numbers, long... ones) {
    double[] all = numbers.toArray();
    float[] floats = new float[all.length];
    for (int i = 0; i < all.length; i++) {
      floats[i] = (float) all[i];
    }
    long[] shape = new long[1 + ones.length];
    Arrays.fill(shape, 1);
    shape[0] = all.length;
    return owner.floats(floats, shape);
  }

  private static float[] filled(int count, float number) {
    float[] numbers = new float[count];
    Arrays.fill(numbers, number);
    return numbers;
  }

  @Override
  public void close() {
    mixture.close();
    latents.close();
    training.close();
    texts.close();
  }
}
