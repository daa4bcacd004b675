package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.training.NewModels;
import io.fluxspark.training.Subject;
import java.nio.file.Files;
import java.nio.file.Path;
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

  @Mixin private ObjectiveOptions objective;

  @Mixin private TrainOptions options;

  TrainCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    Subject what = TrainOptions.named("--train", Subject.values(), subject);
    new TrainJob(environment, options.given(model(), what, objective.given(), null)).run();
    return 0;
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
      NewModels.create(Path.of(init), first, options.seed());
    }
    return first.toString();
  }

  private static FluxSparkException invalid(String message) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, message);
  }
}
