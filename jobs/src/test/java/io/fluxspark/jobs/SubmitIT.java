package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code deploy/submit} as people run it: a process of its own, started in some folder. */
class SubmitIT {
  @TempDir private Path folder;

  @Test
  void theExampleTableBecomesPicturesThatOpen() throws Exception {
    Process process =
        start("generate", "--prompts", examples(), "--output", "out", "--batch-size", "2");
    String err = text(process.errorReader());
    String out = text(process.inputReader());

    assertThat(process.waitFor()).as(err).isZero();
    assertThat(out).startsWith("32 images, 0 failed rows, ");
    assertThat(err.lines()).as(err).isNotEmpty().allMatch(line -> line.startsWith("fluxspark: "));
    try (var previews = Files.list(folder.resolve("out/preview"))) {
      assertThat(previews).hasSize(24).allMatch(file -> opens(file));
    }
  }

  @Test
  void controlCEndsARunCleanlyAndTheSameCommandGoesOn() throws Exception {
    String[] command = {"generate", "--prompts", examples(), "--output", "out"};
    List<String> slow = new ArrayList<>(List.of(command));
    slow.addAll(List.of("--num-inference-steps", "1000"));
    Process process = start(slow.toArray(String[]::new));
    CompletableFuture<String> out =
        CompletableFuture.supplyAsync(() -> text(process.inputReader()));
    var err = process.errorReader();
    String firstProgress = err.readLine();
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    String rest = text(err);

    assertThat(firstProgress).startsWith("fluxspark: ");
    assertThat(process.waitFor()).as(rest).isEqualTo(130);
    assertThat(rest.lines().toList())
        .last()
        .isEqualTo(
            "fluxspark: error: interrupted; what is committed stays, the same command makes the"
                + " rest");
    assertThat(rest.lines()).as(rest).allMatch(line -> line.startsWith("fluxspark: "));
    assertThat(out.get()).isEmpty();
    Process again = start(command);
    text(again.errorReader());
    assertThat(text(again.inputReader())).startsWith("32 images, 0 failed rows");
    assertThat(again.waitFor()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "'generate --prompts nothing.csv --output out', fluxspark: error: --prompts nothing.csv: there is no such file",
    "'generate', fluxspark: error: Missing required options: ",
    "'paint', fluxspark: error: unknown command or argument 'paint'; did you mean",
    "'inspect -- --no-such-option x', deploy/submit: Spark refused the options after --; its message is above",
  })
  void aWrongCommandLineHasExitCode2(String line, String problem) throws Exception {
    Process process = start(line.split(" "));

    String err = text(process.errorReader());

    assertThat(process.waitFor()).as(err).isEqualTo(2);
    assertThat(err).contains(problem).doesNotContain("\tat ");
    try (var left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--output-format delta, io.delta:delta-spark_4.1_2.13:4.4.0",
    "--prompts-format iceberg, org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.11.0"
  })
  void aConnectorThatIsMissingIsNamed(String option, String connector) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("generate", "--prompts", examples(), "--output", "out"));
    command.addAll(List.of(option.split(" ")));
    Process process = start(command.toArray(String[]::new));

    String err = text(process.errorReader());

    assertThat(process.waitFor()).as(err).isEqualTo(2);
    assertThat(err)
        .isEqualTo(
            "fluxspark: error: "
                + option
                + ": its connector is not on the class path; give spark-submit --packages "
                + connector
                + "\n");
  }

  @Test
  void aSparkHomeWithoutSparkIsNamed() throws Exception {
    ProcessBuilder builder = builder("inspect");
    builder.environment().put("SPARK_HOME", folder.toString());
    Process process = builder.start();

    String err = text(process.errorReader());

    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(err)
        .startsWith("deploy/submit: SPARK_HOME is " + folder)
        .contains("correct it or unset it");
  }

  @Test
  void helpNamesEveryOption() throws Exception {
    Process process = start("generate", "--help");

    String out = text(process.inputReader());

    assertThat(process.waitFor()).isZero();
    assertThat(out).contains("--prompts", "--max-error-fraction", "Exit codes: 0 done");
  }

  private static String examples() {
    return Project.path("notebooks/data/prompts.csv").toString();
  }

  private Process start(String... arguments) throws IOException {
    return builder(arguments).start();
  }

  private ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>(List.of(Project.path("deploy/submit").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().remove("SPARK_HOME");
    builder.redirectInput(ProcessBuilder.Redirect.PIPE);
    return builder;
  }

  private static boolean opens(Path file) {
    try {
      return ImageIO.read(file.toFile()) != null;
    } catch (IOException e) {
      return false;
    }
  }

  private static String text(java.io.Reader reader) {
    try {
      StringBuilder text = new StringBuilder();
      char[] part = new char[1 << 12];
      for (int count = reader.read(part); count >= 0; count = reader.read(part)) {
        text.append(part, 0, count);
      }
      return text.toString();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
