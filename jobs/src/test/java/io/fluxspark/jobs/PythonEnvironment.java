package io.fluxspark.jobs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A Python with the packages of one file of {@code src/test/clients}, for the tests of group {@code
 * clients}: they read what a job wrote with the programs that users read it with, and call Spark as
 * users do.
 *
 * <p>The environment is made below {@code target} when it is first asked for, with the {@code
 * python3} of the path, and made anew when the requirements change. Until then nothing is fetched.
 */
final class PythonEnvironment {

  private static final Path BASE = Path.of(System.getProperty("basedir", ""));
  private static final PythonEnvironment CLIENTS =
      new PythonEnvironment("clients", "requirements.txt", List.of("--only-binary=:all:"));

  private final Path folder;
  private final Path requirements;
  private final List<String> pipOptions;

  /** A copy of the requirements that are installed, written last. */
  private final Path installed;

  private PythonEnvironment(String name, String requirements, List<String> pipOptions) {
    this.folder = BASE.resolve("target").resolve(name).toAbsolutePath();
    this.requirements = BASE.resolve("src/test/clients").resolve(requirements);
    this.pipOptions = pipOptions;
    this.installed = folder.resolve("installed.txt");
  }

  /** PySpark with its own Spark, whose package is no wheel, and this project's package. */
  static PythonEnvironment pySpark(Path sources) throws IOException, InterruptedException {
    PythonEnvironment environment = new PythonEnvironment("pyspark", "pyspark.txt", List.of());
    List<String> command = pip(environment.python());
    command.addAll(List.of("--force-reinstall", "--no-deps", sources.toString()));
    output(command, "pip could not install " + sources);
    return environment;
  }

  /**
   * Runs a script with the clients and gives back what it printed.
   *
   * @param script the text of the script
   * @param arguments its {@code sys.argv[1:]}
   * @throws AssertionError if the script does not exit with 0; the message has all that it printed
   */
  static String run(String script, String... arguments) throws IOException, InterruptedException {
    return CLIENTS.script(script, arguments);
  }

  /** Runs a script as {@link #run} does. */
  String script(String script, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(python().toString(), "-c", script));
    command.addAll(Arrays.asList(arguments));
    return output(command, "a script of this test failed");
  }

  private static List<String> pip(Path python) {
    return new ArrayList<>(
        List.of(
            python.toString(),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input"));
  }

  private Path python() throws IOException, InterruptedException {
    synchronized (PythonEnvironment.class) {
      Path python = folder.resolve("bin/python");
      if (Files.exists(installed) && Files.mismatch(installed, requirements) == -1) {
        return python;
      }
      output(
          List.of("python3", "-m", "venv", "--clear", folder.toString()),
          "-Pclients needs python3 with its venv module (on Debian: python3-venv)");
      List<String> command = pip(python);
      command.addAll(pipOptions);
      command.addAll(List.of("-r", requirements.toString()));
      output(command, "pip could not install " + requirements);
      Files.copy(requirements, installed);
      return python;
    }
  }

  private static String output(List<String> command, String problem)
      throws IOException, InterruptedException {
    Path errors = Files.createTempFile("python", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().put("PYTHONUTF8", "1");
    builder.environment().put("HF_HUB_OFFLINE", "1");
    // PySpark brings a Spark of its own.
    builder.environment().keySet().removeAll(List.of("SPARK_HOME", "SPARK_SCALA_VERSION"));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new AssertionError(problem + ": " + e.getMessage(), e);
    }
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exitCode = process.waitFor();
    if (exitCode != 0) {
      throw new AssertionError(
          problem + " (exit code " + exitCode + "):\n" + output + Files.readString(errors));
    }
    return output;
  }
}
