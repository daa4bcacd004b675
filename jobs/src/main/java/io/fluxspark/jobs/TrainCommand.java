package io.fluxspark.jobs;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Options of {@code train}; {@link TrainJob} does the work. */
@Command(
    name = "train",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description = "Trains a model on a table of pictures and captions.",
    footer = "Exit codes: 0 done, 2 wrong request, 3 failure, 130 interrupted.")
final class TrainCommand implements Callable<Integer> {
  private final Environment environment;

  @Mixin private TrainOptions options;

  TrainCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    new TrainJob(environment, options.given()).run();
    return 0;
  }
}
