package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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

  @Option(
      names = "--watch",
      arity = "0..1",
      fallbackValue = "30 seconds",
      paramLabel = "TRIGGER",
      description =
          "Take prompts as they arrive, until stopped, looking every so often (30 seconds where"
              + " nothing is said); or available-now: what is new since the last time.")
  private String watch;

  @Option(
      names = "--checkpoint",
      paramLabel = "FOLDER",
      description =
          "With --watch: where it keeps which prompts were taken. Default: in the output's folder.")
  private String checkpoint;

  @Mixin private RunOptions options;

  GenerateCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    if (watch == null && checkpoint != null) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION, "--checkpoint: goes with --watch, which is not given");
    }
    return watch == null
        ? new GenerateJob(environment, options.given()).run().code()
        : new WatchJob(
                environment,
                options.given(),
                WatchJob.trigger(watch),
                Optional.ofNullable(checkpoint))
            .run();
  }
}
