package io.fluxspark.jobs;

import io.fluxspark.training.Goal;
import io.fluxspark.training.Subject;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of {@code compare-objectives}; {@link CompareObjectivesJob} does the work. */
@Command(
    name = "compare-objectives",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description =
        "Trains a transformer by flow matching and, on the variance-preserving path of diffusion"
            + " models, for velocity and for noise (DDPM), all on the same data, and measures what"
            + " each draws in few steps and in many. --sample-... and --vae-losses have no effect.",
    footer = "Exit codes: 0 done, 2 wrong request, 3 failure, 130 interrupted.")
final class CompareObjectivesCommand implements Callable<Integer> {
  private final Environment environment;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FOLDER",
      description = "Pipeline folder whose transformer is trained; all else stays as it is.")
  private String model;

  @Option(
      names = "--from-scratch",
      description = "Begin with first weights of the transformer, not with the folder's.")
  private boolean isFromScratch;

  @Option(
      names = "--pictures",
      defaultValue = "64",
      paramLabel = "N",
      description = "Captions of the table that are drawn. Default: ${DEFAULT-VALUE}.")
  private int pictures;

  @Option(
      names = "--step-counts",
      defaultValue = "1,2,4,8,20,50",
      split = ",",
      paramLabel = "N",
      description = "Steps of the samplers. Default: ${DEFAULT-VALUE}.")
  private List<Integer> stepCounts;

  @Mixin private TrainOptions options;

  CompareObjectivesCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    TrainOptions.atLeast("--pictures", 1, pictures);
    stepCounts.forEach(steps -> TrainOptions.atLeast("--step-counts", 1, steps));
    new CompareObjectivesJob(
            environment,
            options.given(model, Subject.TRANSFORMER, new Goal.FlowMatching(), null),
            isFromScratch
                ? CompareObjectivesJob.FirstWeights.NEW
                : CompareObjectivesJob.FirstWeights.OF_MODEL,
            pictures,
            stepCounts.stream().distinct().sorted().toList())
        .run();
    return 0;
  }
}
