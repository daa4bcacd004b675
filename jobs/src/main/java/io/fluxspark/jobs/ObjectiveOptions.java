package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.training.Goal;
import java.util.List;
import picocli.CommandLine.Option;

/** Options that say what a transformer learns. */
final class ObjectiveOptions {
  private static final String FLOW_MATCHING = "flow-matching";
  private static final String GUIDANCE = "guidance-distillation";
  private static final String STEPS = "step-distillation";

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

  /**
   * What was given.
   *
   * @throws FluxSparkException {@code INVALID_OPTION} for a value that is wrong
   */
  Goal given() {
    return switch (objective) {
      case FLOW_MATCHING -> new Goal.FlowMatching();
      case GUIDANCE -> guidance();
      case STEPS -> steps();
      default ->
          throw new FluxSparkException(
              ErrorCode.INVALID_OPTION,
              "--objective: '"
                  + objective
                  + "'; one of "
                  + String.join(", ", FLOW_MATCHING, GUIDANCE, STEPS)
                  + " is needed");
    };
  }

  private Goal guidance() {
    if (guidanceRange.size() != 2 || guidanceRange.get(0) > guidanceRange.get(1)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION, "--guidance-range: " + guidanceRange + "; LOW,HIGH is needed");
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
}
