package io.fluxspark.jobs;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of every command, which say where its other options stand and how it speaks. */
final class CommonOptions {
  @Option(
      names = "--" + OptionSources.CONFIG,
      paramLabel = "FILE",
      description = "Properties file with options, without their dashes.")
  String config;

  @Option(
      names = "--" + OptionSources.CONF,
      paramLabel = OptionSources.PREFIX + "NAME=VALUE",
      description = "An option, weaker than on the command line, stronger than in the file.")
  List<String> conf = new ArrayList<>();

  @Option(names = "--verbose", description = "With a failure, print where it happened.")
  boolean isVerbose;
}
