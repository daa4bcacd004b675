package io.fluxspark.training;

import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Opened;
import io.fluxspark.program.Parameters;
import io.fluxspark.sampling.Latents;
import io.fluxspark.sampling.NoisePath;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.training.TrainingRun.Plan;
import io.fluxspark.transformer.FixedGuidance;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.Vae;
import io.fluxspark.weights.WeightReader;
import java.util.List;

/** Makes what a plan says that is to be learnt, and owns its weights. */
final class Learners implements AutoCloseable {
  private final Opened opened = new Opened();
  private final ModelFolder model;
  private final Plan plan;
  private final Device device;
  private final Learner learner;

  Learners(ModelFolder model, Plan plan, Device device) {
    this.model = model;
    this.plan = plan;
    this.device = device;
    try {
      this.learner = opened.add(plan.subject() == Subject.VAE ? vae() : transformer());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  Learner learner() {
    return learner;
  }

  Device device() {
    return device;
  }

  /** The transformer that the training makes; a LoRA leaves it as it is. */
  TransformerConfig trained() {
    TransformerConfig config = model.transformerConfig();
    if (plan.lora() != null) {
      return config;
    }
    if (plan.goal() instanceof Goal.Guidance) {
      return config.withGuidanceEmbeds(true);
    }
    return plan.goal() instanceof Goal.Steps ? config.withGuidanceEmbeds(false) : config;
  }

  private Learner vae() {
    return new VaeLearner(
        model.vaeConfig(),
        opened.add(
            WeightReader.parameters(
                Vae.plan(model.vaeConfig()), model.vae(), device, DataType.FLOAT32)),
        plan.type(),
        plan.vaeLosses());
  }

  private Learner transformer() {
    Example empty;
    try (ExampleEncoder encoder =
        ExampleEncoder.load(model, plan.subject(), plan.sizes(), device, plan.type())) {
      empty = encoder.empty();
    }
    List<Parameters> frozen =
        plan.lora() == null
            ? List.of()
            : List.of(
                opened.add(
                    WeightReader.parameters(
                        Transformer.plan(model.transformerConfig()),
                        model.transformer(),
                        device,
                        plan.type())));
    return new FlowLearner(
        trained(),
        model.vaeConfig(),
        opened.add(firstWeights()),
        frozen,
        opened.add(texts()),
        objective(),
        new FlowLearner.Settings(
            plan.captionDropout(),
            empty,
            plan.type(),
            plan.lora() == null ? 1 : plan.lora().factor(),
            plan.isCheckpointed()));
  }

  private Parameters firstWeights() {
    TransformerConfig config = model.transformerConfig();
    if (plan.lora() != null) {
      return FirstWeights.lowRank(
          Transformer.plan(config), plan.lora(), device, plan.settings().seed());
    }
    if (plan.goal() instanceof Goal.Guidance) {
      return FirstWeights.withGuidance(
          trained(), model.transformer(), device, plan.settings().seed());
    }
    if (plan.goal() instanceof Goal.Steps steps) {
      return FixedGuidance.weights(config, model.transformer(), device, steps.guidanceScale());
    }
    return WeightReader.parameters(
        Transformer.plan(config), model.transformer(), device, DataType.FLOAT32);
  }

  private TextLearner texts() {
    if (plan.subject() == Subject.TRANSFORMER) {
      return new GivenTexts(model.transformerConfig().jointAttentionDim());
    }
    return new EncoderLearner(
        model.textEncoderConfig(),
        opened.add(
            WeightReader.parameters(
                ClipTextEncoder.plan(model.textEncoderConfig(), model.textEncoder()),
                model.textEncoder(),
                device,
                DataType.FLOAT32)),
        model.textEncoder2Config(),
        opened.add(
            WeightReader.parameters(
                T5Encoder.plan(model.textEncoder2Config()),
                model.textEncoder2(),
                device,
                DataType.FLOAT32)));
  }

  private Objective objective() {
    Mixtures mixtures = opened.add(new Mixtures(device));
    if (plan.goal() instanceof Goal.Guidance guidance) {
      return new GuidanceDistillation(
          teacher(), plan.timesteps(), guidance.lowestScale(), guidance.highestScale(), mixtures);
    }
    if (plan.goal() instanceof Goal.Steps steps) {
      return new StepDistillation(
          teacher(),
          model.scheduleConfig(),
          steps.steps(),
          steps.teacherSteps(),
          steps.guidanceScale(),
          mixtures);
    }
    NoisePath path = ((Goal.OnPath) plan.goal()).path();
    return new PathObjective(path, plan.timesteps(), plan.guidanceScale(), mixtures);
  }

  private Teacher teacher() {
    return new Teacher(
        model.transformerConfig(),
        opened.add(
            Transformer.load(model.transformerConfig(), model.transformer(), device, plan.type())),
        opened.add(Latents.load(device)));
  }

  @Override
  public void close() {
    opened.close();
  }
}
