package io.fluxspark.jobs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A Python with the packages of {@code src/test/clients/requirements.txt}, for the tests of group
 * {@code clients}: they read what a job wrote with the programs that users read it with.
 *
 * <p>The environment is made below {@code target} when it is first asked for, with the {@code
 * python3} of the path, and made anew when the requirements change. Until then nothing is fetched.
 */
final class PythonEnvironment {

  private static final Path BASE = Path.of(System.getProperty("basedir", ""));
  private static final Path CLIENTS = BASE.resolve("src/test/clients");

  private PythonEnvironment() {}

  /**
   * Runs a script and gives back what it printed.
   *
   * @param script the text of the script
   * @param arguments its {@code sys.argv[1:]}
   * @throws AssertionError if the script does not exit with 0; the message has all that it printed
   */
  static String run(String script, String... arguments) throws IOException, InterruptedException {
    return run("requirements", Map.of(), script, arguments);
  }

  /**
   * The same in an environment of its own, see {@link #folder}.
   *
   * @param variables of the process, beside those of this one
   */
  static String run(String name, Map<String, String> variables, String script, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(folder(name).resolve("bin/python").toString(), "-c", script));
    command.addAll(Arrays.asList(arguments));
    return output(command, variables, "a script of this test failed");
  }

  /**
   * The folder of an environment with {@code bin/python}. It is made when it is first asked for.
   *
   * @param name of the file of requirements, without its ending; those of different names know
   *     nothing of each other
   */
  static synchronized Path folder(String name) throws IOException, InterruptedException {
    Path requirements = CLIENTS.resolve(name + ".txt");
    Path folder = BASE.resolve("target/clients").resolve(name).toAbsolutePath();
    // A copy of what is installed, written last.
    Path installed = folder.resolve("installed.txt");
    if (Files.exists(installed) && Files.mismatch(installed, requirements) == -1) {
      return folder;
    }
    output(
        List.of("python3", "-m", "venv", "--clear", folder.toString()),
        Map.of(),
        "-Pclients needs python3 with its venv module (on Debian: python3-venv)");
    pip(
        folder,
        "pip could not install " + requirements,
        "--only-binary=:all:",
        "-r",
        requirements.toString());
    Files.copy(requirements, installed);
    return folder;
  }

  /** Installs a Python package of this project beside an environment's requirements. */
  static void install(String name, Path sources) throws IOException, InterruptedException {
    pip(
        folder(name),
        "pip could not install " + sources,
        "--force-reinstall",
        "--no-deps",
        sources.toString());
  }

  private static void pip(Path folder, String problem, String... options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(folder.resolve("bin/python").toString(), "-m", "pip", "install"));
    command.addAll(List.of("--quiet", "--disable-pip-version-check", "--no-input"));
    command.addAll(Arrays.asList(options));
    output(command, Map.of(), problem);
  }

  private static String output(List<String> command, Map<String, String> variables, String problem)
      throws IOException, InterruptedException {
    Path errors = Files.createTempFile("python", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().put("PYTHONUTF8", "1");
    builder.environment().put("HF_HUB_OFFLINE", "1");
    // PySpark brings a Spark of its own.
    builder.environment().keySet().removeAll(List.of("SPARK_HOME", "SPARK_SCALA_VERSION"));
    builder.environment().putAll(variables);
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
