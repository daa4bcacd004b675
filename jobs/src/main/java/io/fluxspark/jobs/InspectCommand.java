package io.fluxspark.jobs;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what a model folder is. */
@Command(
    name = "inspect",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description =
        "Prints what a model is: variant, layers, parameters, types, memory by part, and what"
            + " differs from FLUX.1-dev.",
    footer = "Exit codes: 0 done, 2 the folder is wrong: the message names the file.")
final class InspectCommand implements Callable<Integer> {
  private final Environment environment;

  @Option(
      names = "--model",
      defaultValue = "builtin:tiny",
      paramLabel = "MODEL",
      description = "Pipeline folder, or builtin:NAME. Default: ${DEFAULT-VALUE}.")
  private String model;

  InspectCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    environment.out().print(ModelFolders.report(model));
    return 0;
  }
}
