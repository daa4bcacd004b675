package io.fluxspark.jobs;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
      description = "Pipeline folder or its URI, or builtin:NAME. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(names = "--variant", paramLabel = "NAME", description = RunOptions.VARIANT)
  private String variant;

  @Option(
      names = "--programs",
      paramLabel = "FOLDER",
      description =
          "Also write the tensor programs that the model runs: NAME.py to read, NAME.pt for"
              + " torch.jit.load.")
  private Path programs;

  @Option(
      names = "--dtype",
      defaultValue = "float32",
      paramLabel = "TYPE",
      description = "What the programs compute in. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Mixin private ModelStoreOptions modelStore;

  InspectCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    String type = GenerateOptions.dtype(dtype);
    ModelSource source =
        new ModelSource(model, GenerateOptions.variant(variant), modelStore.given(), environment);
    environment.out().print(ModelFolders.report(source));
    if (programs != null) {
      ModelFolders.writePrograms(source, type, programs);
      environment.out().println("programs: " + programs.toAbsolutePath());
    }
    return 0;
  }
}
