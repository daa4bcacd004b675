package io.fluxspark.jobs;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Options of {@code generate}; {@link GenerateJob} does the work. */
@Command(
    name = "generate",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description = "Makes the pictures that a prompt table asks for.",
    footer =
        "Exit codes: 0 done, 1 too many failed rows, 2 wrong request, 3 failure, 130 interrupted.")
final class GenerateCommand implements Callable<Integer> {
  private final Environment environment;

  @Mixin private RunOptions options;

  GenerateCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    return new GenerateJob(environment, options.given()).run().code();
  }
}
