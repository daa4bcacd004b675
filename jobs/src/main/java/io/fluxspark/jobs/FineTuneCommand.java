package io.fluxspark.jobs;

import io.fluxspark.training.Goal;
import io.fluxspark.training.LowRankSettings;
import io.fluxspark.training.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of {@code fine-tune}; {@link TrainJob} does the work. */
@Command(
    name = "fine-tune",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description =
        "Teaches a model a table of pictures and captions, with a LoRA that generate and diffusers"
            + " load.",
    footer = "Exit codes: 0 done, 2 wrong request, 3 failure, 130 interrupted.")
final class FineTuneCommand implements Callable<Integer> {
  private final Environment environment;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FOLDER",
      description = "Pipeline folder, or builtin:NAME.")
  private String model;

  @Option(
      names = "--rank",
      defaultValue = "16",
      paramLabel = "N",
      description = "Rank of the LoRA. Default: ${DEFAULT-VALUE}.")
  private int rank;

  @Option(
      names = "--lora-alpha",
      paramLabel = "ALPHA",
      description = "The LoRA counts alpha / rank. Default: the rank.")
  private Double alpha;

  @Option(
      names = "--target-modules",
      split = ",",
      paramLabel = "NAME",
      description =
          "Ends of the names of layers that are adapted. Default: those of attention and MLP in"
              + " double blocks, and of attention in single ones.")
  private List<String> targets = new ArrayList<>();

  @Option(
      names = "--full",
      description = "Train all weights of the transformer instead, into a new model.")
  private boolean isFull;

  @Mixin private TrainOptions options;

  FineTuneCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    TrainOptions.atLeast("--rank", 1, rank);
    TrainOptions.above("--lora-alpha", alpha == null ? rank : alpha);
    LowRankSettings lora =
        new LowRankSettings(
            rank,
            alpha == null ? rank : alpha,
            targets.isEmpty() ? LowRankSettings.DEFAULT_TARGETS : targets);
    new TrainJob(
            environment,
            options.given(
                model, Subject.TRANSFORMER, new Goal.FlowMatching(), isFull ? null : lora))
        .run();
    return 0;
  }
}
