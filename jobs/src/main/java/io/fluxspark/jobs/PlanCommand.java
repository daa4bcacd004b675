package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says what {@code generate} with the same options would do; writes nothing. */
@Command(
    name = "plan",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description = "Says what generate with the same options would do. Writes nothing.",
    footer = "Exit codes: 0 done, 2 wrong request, 3 failure.")
final class PlanCommand implements Callable<Integer> {
  private final Environment environment;

  @Option(names = "--json", description = "Print JSON. Default: text.")
  private boolean isJson;

  @Option(
      names = "--measure",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Make so many of the pictures, drop them, and reckon the hours from that. Default: none.")
  private int measure;

  @Option(
      names = "--images-per-second",
      paramLabel = "F",
      description = "Reckon the hours from this throughput of the whole cluster.")
  private Double imagesPerSecond;

  @Mixin private RunOptions options;

  PlanCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    if (measure < 0) {
      throw invalid("--measure: " + measure + "; a whole number of at least 0 is needed");
    }
    if (imagesPerSecond != null && !(imagesPerSecond > 0 && imagesPerSecond < 1e12)) {
      throw invalid("--images-per-second: " + imagesPerSecond + "; a number above 0 is needed");
    }
    GenerateOptions given = options.given();
    try (Planning plan = Planning.of(environment, given)) {
      Optional<Measurement> measured =
          measure == 0 ? Optional.empty() : Optional.of(Measurement.of(plan, measure));
      PlanReport report =
          PlanReport.of(plan, given, measured, Optional.ofNullable(imagesPerSecond));
      environment.out().print(isJson ? report.json() : report.text());
      environment.out().flush();
    }
    return 0;
  }

  private static FluxSparkException invalid(String message) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, message);
  }
}
