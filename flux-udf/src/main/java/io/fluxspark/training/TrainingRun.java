package io.fluxspark.training;

import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelWriter;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Parameters;
import io.fluxspark.vae.VaeTraining;
import io.fluxspark.weights.StoredType;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** One training, from a model's files to a new model's or a LoRA's. */
public final class TrainingRun implements AutoCloseable {
  private static final String CHECKPOINTS = "checkpoints";

  private final ModelFolder model;
  private final Plan plan;
  private final ExampleStore examples;
  private final Learners learners;
  private final Trainer trainer;

  /**
   * What is trained, and how.
   *
   * @param goal of the transformer; without effect on an autoencoder
   * @param lora null where all weights are trained
   * @param captionDropout the share of captions that are replaced by the empty one, 0 to 1
   * @param guidanceScale what a model with a guidance embedding is told in flow matching
   * @param type in which models compute
   * @param savedType in which weights are stored
   * @param isCheckpointed whether the transformer's blocks are made again on the way back, which
   *     takes less memory and more time
   */
  public record Plan(
      Subject subject,
      Goal goal,
      LowRankSettings lora,
      ExampleEncoder.Sizes sizes,
      TrainingSettings settings,
      Timesteps timesteps,
      double captionDropout,
      double guidanceScale,
      VaeTraining.LossWeights vaeLosses,
      DataType type,
      StoredType savedType,
      boolean isCheckpointed)
      implements Serializable {
    /** The same with another goal. */
    public Plan withGoal(Goal other) {
      return new Plan(
          subject,
          other,
          lora,
          sizes,
          settings,
          timesteps,
          captionDropout,
          guidanceScale,
          vaeLosses,
          type,
          savedType,
          isCheckpointed);
    }
  }

  private TrainingRun(
      ModelFolder model, Plan plan, ExampleStore examples, Learners learners, Trainer trainer) {
    this.model = model;
    this.plan = plan;
    this.examples = examples;
    this.learners = learners;
    this.trainer = trainer;
  }

  /**
   * Loads the model and, where there is one, the newest checkpoint.
   *
   * @param output folder of checkpoints
   */
  public static TrainingRun open(
      ModelFolder model, Plan plan, ExampleStore examples, Path output, Device device) {
    Learners learners = new Learners(model, plan, device);
    try {
      Trainer trainer =
          new Trainer(learners.learner(), examples, plan.settings(), output.resolve(CHECKPOINTS));
      return new TrainingRun(model, plan, examples, learners, trainer);
    } catch (RuntimeException | Error e) {
      learners.close();
      throw e;
    }
  }

  /** Steps that are done. */
  public long step() {
    return trainer.step();
  }

  /** See {@link Trainer#run}. */
  public void run(long until, TrainingLog log, BooleanSupplier cancelled) {
    trainer.run(until, log, cancelled);
  }

  /**
   * Writes what was trained as it is now, with the averages of the weights.
   *
   * @param target the folder of a new model, or of a LoRA
   */
  public void write(Path target) {
    if (plan.lora() != null) {
      Parameters lowRank = trainer.averages().get("transformer");
      LoraWriter.write(target, lowRank, plan.lora(), plan.savedType());
      return;
    }
    ModelWriter.write(model, target, trainer.averages(), plan.savedType());
    if (plan.subject() == Subject.VAE) {
      LatentScale scale =
          LatentScale.measure(model.vaeConfig(), trainer.averages().get("vae"), examples);
      ModelWriter.configure(
          target,
          "vae",
          config -> {
            config.put("shift_factor", scale.shift());
            config.put("scaling_factor", scale.scale());
          });
    } else {
      boolean guidanceEmbeds = learners.trained().guidanceEmbeds();
      ModelWriter.configure(
          target, "transformer", config -> config.put("guidance_embeds", guidanceEmbeds));
    }
  }

  /**
   * Draws what was trained as it is now, as a PNG file; for an autoencoder, pictures and below them
   * what it makes of them.
   *
   * @param written by {@link #write}, as it is now
   */
  public byte[] sampleSheet(Path written, SampleSettings settings) {
    if (plan.subject() == Subject.VAE) {
      return Reconstructions.sheet(
          model.vaeConfig(), trainer.averages().get("vae"), examples, settings.samples().size());
    }
    SampleSheets sheets = new SampleSheets(settings, plan.sizes(), learners.device(), plan.type());
    return plan.lora() == null
        ? sheets.draw(written, Optional.empty())
        : sheets.draw(model.path(), Optional.of(written.resolve(LoraWriter.FILE)));
  }

  @Override
  public void close() {
    try (learners) {
      trainer.close();
    }
  }
}
