package io.fluxspark.tiny;

import io.fluxspark.error.ErrorType;
import io.fluxspark.error.FluxSparkException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** Runs a program of this module and says in one line what went wrong. */
final class Tool {
  private static final int WRONG_REQUEST = 2;
  private static final int FAILURE = 3;

  private Tool() {}

  /** Gives the exit code: 0, 2 for a wrong request, 3 for a failure. */
  static int run(Callable<Integer> program, PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine line = new CommandLine(program);
    line.setOut(out);
    line.setErr(err);
    line.setParameterExceptionHandler((e, all) -> failed(line, e.getMessage(), WRONG_REQUEST));
    line.setExecutionExceptionHandler(
        (e, command, parsed) ->
            e instanceof FluxSparkException failure
                ? failed(
                    line,
                    failure.getMessage(),
                    failure.type() == ErrorType.USER ? WRONG_REQUEST : FAILURE)
                : failed(line, e.toString(), FAILURE));
    return line.execute(arguments);
  }

  /** Runs it on this process's own streams, and ends the process unless all is well. */
  static void main(Callable<Integer> program, String... arguments) {
    int code =
        run(
            program,
            new PrintWriter(System.out, true, StandardCharsets.UTF_8),
            new PrintWriter(System.err, true, StandardCharsets.UTF_8),
            arguments);
    if (code != 0) {
      System.exit(code);
    }
  }

  private static int failed(CommandLine line, String message, int code) {
    line.getErr().println(line.getCommandName() + ": error: " + message);
    return code;
  }
}
