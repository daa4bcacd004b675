package io.fluxspark.training;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Opened;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Latents;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.transformer.TransformerTraining;
import io.fluxspark.vae.VaeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** Teaches a transformer what an objective asks. */
final class FlowLearner implements Learner {
  private final Opened opened = new Opened();
  private final TransformerConfig transformerConfig;
  private final VaeConfig vaeConfig;
  private final Parameters weights;
  private final List<Parameters> allWeights;
  private final TextLearner texts;
  private final Objective objective;
  private final Settings settings;
  private final TransformerTraining training;
  private final Latents latents;
  private final Mixtures mixtures;

  /**
   * How it learns.
   *
   * @param captionDropout the share of examples whose caption is replaced by the empty one
   * @param empty an example with the empty caption
   * @param type in which the blocks compute
   * @param lowRankFactor what low-rank terms are multiplied by
   * @param isCheckpointed whether blocks are made again on the way back
   */
  record Settings(
      double captionDropout,
      Example empty,
      DataType type,
      double lowRankFactor,
      boolean isCheckpointed) {}

  /**
   * Everything that is given stays the caller's.
   *
   * @param weights that are trained
   */
  FlowLearner(
      TransformerConfig transformerConfig,
      VaeConfig vaeConfig,
      Parameters weights,
      List<Parameters> frozen,
      TextLearner texts,
      Objective objective,
      Settings settings) {
    Device device = weights.device();
    this.transformerConfig = transformerConfig;
    this.vaeConfig = vaeConfig;
    this.weights = weights;
    this.allWeights = new ArrayList<>(frozen);
    this.allWeights.add(weights);
    this.texts = texts;
    this.objective = objective;
    this.settings = settings;
    try {
      this.training =
          opened.add(
              settings.isCheckpointed()
                  ? TransformerTraining.loadCheckpointed(
                      transformerConfig, device, settings.type(), settings.lowRankFactor())
                  : TransformerTraining.load(
                      transformerConfig, device, settings.type(), settings.lowRankFactor()));
      this.latents = opened.add(Latents.load(device));
      this.mixtures = opened.add(new Mixtures(device));
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
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
    List<Example> told =
        examples.stream()
            .map(e -> random.nextDouble() < settings.captionDropout() ? settings.empty() : e)
            .toList();
    Objective.Batch batch = batch(temporary, examples, told, random);
    Objective.Question question = objective.ask(temporary, batch, random);
    TransformerTraining.Result result =
        training.gradients(
            temporary,
            allWeights,
            sums.get(0),
            new TransformerTraining.Shown(
                batch
                    .condition()
                    .map(tokens -> latents.besides(temporary, question.shown(), tokens))
                    .orElse(question.shown()),
                batch.text().hidden(),
                batch.text().pooled(),
                Batches.each(temporary, question.timesteps()),
                Batches.each(temporary, question.guidance()),
                Rotary.of(
                    temporary,
                    transformerConfig.axesDimsRope(),
                    (int) batch.text().hidden().shape()[1],
                    batch.grids())),
            question.answer(),
            filled(examples.size(), (float) (share / examples.size())));
    texts.gradients(
        told,
        sums.subList(1, sums.size()),
        new TextLearner.Text(result.t5Hidden(), result.pooled()));
    return Map.of("loss", Batches.mean(result.losses()));
  }

  private Objective.Batch batch(
      TensorScope owner, List<Example> examples, List<Example> told, SplittableRandom random) {
    int rows = examples.get(0).height() / (2 * vaeConfig.scaleFactor());
    int columns = examples.get(0).width() / (2 * vaeConfig.scaleFactor());
    long[] shape = {vaeConfig.latentChannels(), 2L * rows, 2L * columns};
    List<NativeTensor> noise =
        latents.noise(
            owner,
            Batches.seeds(random, examples.size()),
            2,
            vaeConfig.latentChannels(),
            rows,
            columns); // (B, C, 2 h, 2 w) each
    NativeTensor latent =
        mixtures.latent(
            owner,
            Batches.floats(owner, examples, Example::mean, shape),
            Batches.floats(owner, examples, Example::logVariance, shape),
            noise.get(0),
            vaeConfig.shiftFactor(),
            vaeConfig.scalingFactor()); // (B, C, 2 h, 2 w)
    return new Objective.Batch(
        latents.pack(owner, latent),
        latents.pack(owner, noise.get(1)),
        condition(owner, examples, shape),
        rows,
        columns,
        texts.encode(owner, told),
        () -> texts.encode(owner, Collections.nCopies(examples.size(), settings.empty())));
  }

  /** The latents of the pictures that are edited, (B, S, C); their means, as in generation. */
  private Optional<NativeTensor> condition(
      TensorScope owner, List<Example> examples, long[] shape) {
    if (examples.get(0).condition().length == 0) {
      return Optional.empty();
    }
    NativeTensor latent =
        Batches.floats(
            owner, examples, example -> vaeConfig.normalised(example.condition()), shape);
    return Optional.of(latents.pack(owner, latent));
  }

  private static float[] filled(int count, float number) {
    float[] numbers = new float[count];
    Arrays.fill(numbers, number);
    return numbers;
  }

  @Override
  public void close() {
    opened.close();
  }
}
