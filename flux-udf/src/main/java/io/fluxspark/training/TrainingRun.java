package io.fluxspark.training;

import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeTraining;
import io.fluxspark.weights.StoredType;
import io.fluxspark.weights.WeightReader;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** One training, from a model's files to a new model's. */
public final class TrainingRun implements AutoCloseable {
  private static final String CHECKPOINTS = "checkpoints";

  /** How many pictures the latents' shift and scale are measured on. */
  private static final int MEASURED = 2000;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ModelFolder model;
  private final Plan plan;
  private final ExampleStore examples;
  private final Path output;
  private final Device device;
  private Trainer trainer;

  /**
   * What is trained, and how.
   *
   * @param type in which models compute
   * @param savedType in which weights are stored
   */
  public record Plan(
      Subject subject,
      ExampleEncoder.Sizes sizes,
      TrainingSettings settings,
      Timesteps timesteps,
      double captionDropout,
      double guidanceScale,
      VaeTraining.LossWeights vaeLosses,
      DataType type,
      StoredType savedType)
      implements Serializable {}

  private TrainingRun(
      ModelFolder model, Plan plan, ExampleStore examples, Path output, Device device) {
    this.model = model;
    this.plan = plan;
    this.examples = examples;
    this.output = output;
    this.device = device;
  }

  /**
   * Loads the model and, where there is one, the newest checkpoint.
   *
   * @param output folder of checkpoints and of the new model
   */
  public static TrainingRun open(
      ModelFolder model, Plan plan, ExampleStore examples, Path output, Device device) {
    TrainingRun run = new TrainingRun(model, plan, examples, output, device);
    try {
      Learner learner = run.opened(run.learner());
      run.trainer =
          run.opened(new Trainer(learner, examples, plan.settings(), output.resolve(CHECKPOINTS)));
      return run;
    } catch (RuntimeException | Error e) {
      run.close();
      throw e;
    }
  }

  private Learner learner() {
    if (plan.subject() == Subject.VAE) {
      return new VaeLearner(
          model.vaeConfig(),
          opened(
              WeightReader.parameters(
                  Vae.plan(model.vaeConfig()), model.vae(), device, DataType.FLOAT32)),
          plan.type(),
          plan.vaeLosses());
    }
    Example empty;
    try (ExampleEncoder encoder =
        ExampleEncoder.load(model, plan.subject(), plan.sizes(), device, plan.type())) {
      empty = encoder.empty();
    }
    Parameters transformer =
        opened(
            WeightReader.parameters(
                Transformer.plan(model.transformerConfig()),
                model.transformer(),
                device,
                DataType.FLOAT32));
    return new FlowLearner(
        model.transformerConfig(),
        model.vaeConfig(),
        transformer,
        java.util.List.of(),
        texts(),
        plan.type(),
        new FlowLearner.Settings(
            io.fluxspark.sampling.NoisePath.LINEAR,
            plan.timesteps(),
            plan.captionDropout(),
            empty,
            plan.guidanceScale()));
  }

  private TextLearner texts() {
    if (plan.subject() == Subject.TRANSFORMER) {
      return new GivenTexts(model.transformerConfig().jointAttentionDim());
    }
    return new EncoderLearner(
        model.textEncoderConfig(),
        opened(
            WeightReader.parameters(
                ClipTextEncoder.plan(model.textEncoderConfig(), model.textEncoder()),
                model.textEncoder(),
                device,
                DataType.FLOAT32)),
        model.textEncoder2Config(),
        opened(
            WeightReader.parameters(
                T5Encoder.plan(model.textEncoder2Config()),
                model.textEncoder2(),
                device,
                DataType.FLOAT32)));
  }

  private <T extends AutoCloseable> T opened(T part) {
    opened.push(part);
    return part;
  }

  /** Steps that are done. */
  public long step() {
    return trainer.step();
  }

  /** See {@link Trainer#run}. */
  public void run(long until, TrainingLog log, BooleanSupplier cancelled) {
    trainer.run(until, log, cancelled);
  }

  /** Writes the model as it is now, with the averages of the weights. */
  public void write(Path target) {
    Map<String, Parameters> averages = trainer.averages();
    Optional<ModelWriter.LatentScale> scale =
        plan.subject() == Subject.VAE
            ? Optional.of(latentScale(averages.get("vae")))
            : Optional.empty();
    ModelWriter.write(model, target, averages, plan.savedType(), scale);
  }

  private ModelWriter.LatentScale latentScale(Parameters weights) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    try (Vae vae = Vae.of(model.vaeConfig(), weights)) {
      int step = Math.max(1, examples.size() / MEASURED);
      for (int i = 0; i < examples.size(); i += step) {
        try (TensorScope temporary = new TensorScope(device)) {
          NativeTensor image =
              Batches.values(temporary, java.util.List.of(examples.get(i))); // (1, 3, H, W)
          for (float number : vae.encode(temporary, image).mean().toFloats()) {
            sum += number;
            squares += (double) number * number;
            count++;
          }
        }
      }
    }
    double mean = sum / count;
    return new ModelWriter.LatentScale(mean, 1 / Math.sqrt(squares / count - mean * mean));
  }

  @Override
  public void close() {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("closing a training: " + e.getMessage(), e);
      }
    }
  }
}
