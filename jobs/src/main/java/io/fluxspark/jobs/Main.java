package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.jline.nativ.CLibrary;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import scala.Tuple2;

/** The program that spark-submit starts: {@code Main COMMAND [options]}. */
@Command(
    name = "fluxspark",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Distributed batch generation of FLUX.1 pictures on Apache Spark.")
public final class Main implements Callable<Integer> {
  private static final int STANDARD_ERROR = 2;

  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs a command; ends the process with its exit code where that is not 0. */
  public static void main(String[] args) {
    try {
      SparkVersion.current().require();
    } catch (FluxSparkException e) {
      System.exit(new Errors(System.err).failed(e, false));
    }
    Map<String, String> conf = new HashMap<>();
    for (Tuple2<String, String> setting : new SparkConf().getAll()) {
      conf.put(setting._1(), setting._2());
    }
    int code =
        run(
            new Environment(
                Sessions::start, conf, new ModelFolders(), System.out, System.err, isTerminal()),
            args);
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().stop();
    }
    if (code != 0) {
      System.exit(code);
    }
  }

  /** Java only knows whether standard input and output are a terminal; progress goes to errors. */
  private static boolean isTerminal() {
    try {
      return CLibrary.isatty(STANDARD_ERROR) == 1;
    } catch (LinkageError e) {
      return false; // a platform that JLine has no natives for
    }
  }

  /** Runs a command and gives its exit code. */
  static int run(Environment environment, String... args) {
    CommandLine line = new CommandLine(new Main());
    line.addSubcommand(new PromptsCommand(environment));
    line.addSubcommand(new GenerateCommand(environment));
    line.addSubcommand(new PlanCommand(environment));
    line.addSubcommand(new ExportCommand(environment));
    line.addSubcommand(new InspectCommand(environment));
    line.addSubcommand(new TrainCommand(environment));
    line.addSubcommand(new FineTuneCommand(environment));
    line.addSubcommand(new CompareObjectivesCommand(environment));
    for (CommandLine command : line.getSubcommands().values()) {
      command
          .getCommandSpec()
          .addMixin("common", CommandSpec.forAnnotatedObject(new CommonOptions()));
    }
    line.setOut(new PrintWriter(environment.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(environment.err(), true, StandardCharsets.UTF_8));
    Errors errors = new Errors(environment.err());
    line.setParameterExceptionHandler((e, arguments) -> errors.wrongOption(e));
    line.setExecutionExceptionHandler((e, command, parsed) -> errors.failed(e, isVerbose(parsed)));
    try {
      OptionSources sources = sources(environment, line, args);
      line.getSubcommands().values().forEach(command -> command.setDefaultValueProvider(sources));
      return line.execute(args);
    } catch (FluxSparkException e) {
      return errors.failed(e, false);
    }
  }

  @Override
  public Integer call() {
    throw new FluxSparkException(
        ErrorCode.INVALID_OPTION,
        "a command is needed: " + String.join(", ", spec.subcommands().keySet()));
  }

  /** The options that say where other options stand have to be known before all others. */
  private static OptionSources sources(Environment environment, CommandLine line, String... args) {
    Set<String> names = new TreeSet<>();
    for (CommandLine command : line.getSubcommands().values()) {
      names.addAll(OptionSources.names(command.getCommandSpec()));
    }
    CommonOptions where = new CommonOptions();
    try {
      new CommandLine(where).setUnmatchedArgumentsAllowed(true).parseArgs(args);
    } catch (CommandLine.ParameterException e) {
      return new OptionSources(Map.of(), Map.of()); // the command itself says what is wrong
    }
    return OptionSources.of(names, environment.conf(), where.conf, where.config);
  }

  private static boolean isVerbose(ParseResult parsed) {
    return parsed.hasSubcommand() && parsed.subcommand().hasMatchedOption("--verbose");
  }
}
