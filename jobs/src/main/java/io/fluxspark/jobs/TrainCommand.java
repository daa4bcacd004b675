package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.training.Goal;
import io.fluxspark.training.ModelWriter;
import io.fluxspark.training.Subject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of {@code train}; {@link TrainJob} does the work. */
@Command(
    name = "train",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description = "Trains a model, all of its weights, on a table of pictures and captions.",
    footer = "Exit codes: 0 done, 2 wrong request, 3 failure, 130 interrupted.")
final class TrainCommand implements Callable<Integer> {
  private static final String FLOW_MATCHING = "flow-matching";
  private static final String GUIDANCE = "guidance-distillation";
  private static final String STEPS = "step-distillation";

  /** The sub folder of the output with a new model's first weights. */
  private static final String INIT = "init";

  private final Environment environment;

  @Option(names = "--model", paramLabel = "FOLDER", description = "Pipeline folder to go on from.")
  private String model;

  @Option(
      names = "--init",
      paramLabel = "FOLDER",
      description = "Configuration of a new model: a pipeline folder without weights.")
  private String init;

  @Option(
      names = "--train",
      defaultValue = "transformer",
      paramLabel = "WHAT",
      description = "transformer, transformer-and-text-encoders or vae. Default: ${DEFAULT-VALUE}.")
  private String subject;

  @Option(
      names = "--objective",
      defaultValue = FLOW_MATCHING,
      paramLabel = "NAME",
      description =
          "flow-matching; guidance-distillation: true CFG in one call, by a guidance embedding;"
              + " step-distillation: few steps. Default: ${DEFAULT-VALUE}.")
  private String objective;

  @Option(
      names = "--guidance-range",
      defaultValue = "1,5",
      split = ",",
      arity = "1",
      paramLabel = "LOW,HIGH",
      description = "Scales of CFG that guidance distillation learns. Default: ${DEFAULT-VALUE}.")
  private List<Double> guidanceRange;

  @Option(
      names = "--student-steps",
      defaultValue = "4",
      paramLabel = "N",
      description = "Steps that step distillation aims at. Default: ${DEFAULT-VALUE}.")
  private int studentSteps;

  @Option(
      names = "--teacher-steps",
      defaultValue = "5",
      paramLabel = "N",
      description = "Steps of the teacher for one of the student. Default: ${DEFAULT-VALUE}.")
  private int teacherSteps;

  @Option(
      names = "--teacher-guidance-scale",
      defaultValue = "3.5",
      paramLabel = "SCALE",
      description =
          "Of step distillation's teacher: guidance where it has an embedding, else true CFG."
              + " Default: ${DEFAULT-VALUE}.")
  private double teacherGuidance;

  @Mixin private TrainOptions options;

  TrainCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    Subject what = TrainOptions.named("--train", Subject.values(), subject);
    new TrainJob(environment, options.given(model(), what, goal(), null)).run();
    return 0;
  }

  private Goal goal() {
    return switch (objective) {
      case FLOW_MATCHING -> new Goal.FlowMatching();
      case GUIDANCE -> guidance();
      case STEPS -> steps();
      default ->
          throw invalid(
              "--objective: '"
                  + objective
                  + "'; one of "
                  + String.join(", ", FLOW_MATCHING, GUIDANCE, STEPS)
                  + " is needed");
    };
  }

  private Goal guidance() {
    if (guidanceRange.size() != 2 || guidanceRange.get(0) > guidanceRange.get(1)) {
      throw invalid("--guidance-range: " + guidanceRange + "; LOW,HIGH is needed");
    }
    guidanceRange.forEach(
        scale -> TrainOptions.between("--guidance-range", scale, 0, TrainOptions.MOST_GUIDANCE));
    return new Goal.Guidance(guidanceRange.get(0), guidanceRange.get(1));
  }

  private Goal steps() {
    TrainOptions.atLeast("--student-steps", 1, studentSteps);
    TrainOptions.atLeast("--teacher-steps", 1, teacherSteps);
    TrainOptions.between(
        "--teacher-guidance-scale", teacherGuidance, 0, TrainOptions.MOST_GUIDANCE);
    return new Goal.Steps(studentSteps, teacherSteps, teacherGuidance);
  }

  /** The folder of the model that is trained; a new one is made first. */
  private String model() {
    if ((model == null) == (init == null)) {
      throw invalid(
          "--model, --init: one of them is needed, a model to go on from or the configuration of a"
              + " new one");
    }
    if (model != null) {
      return model;
    }
    Path first = Path.of(options.output()).toAbsolutePath().resolve(INIT);
    if (!Files.exists(first)) {
      ModelWriter.create(Path.of(init), first, options.seed());
    }
    return first.toString();
  }

  private static FluxSparkException invalid(String message) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, message);
  }
}
