package io.fluxspark.jobs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A Python with the packages of {@code src/test/clients/requirements.txt}, for the tests of group
 * {@code clients}: they read what a job wrote with the programs that users read it with.
 *
 * <p>The environment is made below {@code target} when it is first asked for, with the {@code
 * python3} of the path, and made anew when the requirements change. Until then nothing is fetched.
 */
final class PythonEnvironment {

  private static final Path BASE = Path.of(System.getProperty("basedir", ""));
  private static final Path REQUIREMENTS = BASE.resolve("src/test/clients/requirements.txt");
  private static final Path FOLDER = BASE.resolve("target/clients").toAbsolutePath();

  /** A copy of the requirements that are installed, written last. */
  private static final Path INSTALLED = FOLDER.resolve("installed.txt");

  private PythonEnvironment() {}

  /**
   * Runs a script and gives back what it printed.
   *
   * @param script the text of the script
   * @param arguments its {@code sys.argv[1:]}
   * @throws AssertionError if the script does not exit with 0; the message has all that it printed
   */
  static String run(String script, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(python().toString(), "-c", script));
    command.addAll(Arrays.asList(arguments));
    return output(command, "a script of this test failed");
  }

  private static synchronized Path python() throws IOException, InterruptedException {
    Path python = FOLDER.resolve("bin/python");
    if (Files.exists(INSTALLED) && Files.mismatch(INSTALLED, REQUIREMENTS) == -1) {
      return python;
    }
    output(
        List.of("python3", "-m", "venv", "--clear", FOLDER.toString()),
        "-Pclients needs python3 with its venv module (on Debian: python3-venv)");
    output(
        List.of(
            python.toString(),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--only-binary=:all:",
            "-r",
            REQUIREMENTS.toString()),
        "pip could not install " + REQUIREMENTS);
    Files.copy(REQUIREMENTS, INSTALLED);
    return python;
  }

  private static String output(List<String> command, String problem)
      throws IOException, InterruptedException {
    Path errors = Files.createTempFile("python", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().put("PYTHONUTF8", "1");
    builder.environment().put("HF_HUB_OFFLINE", "1");
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
