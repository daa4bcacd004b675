package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} of the driver or of an executor at random moments of a run, which is then started
 * again: in the end every picture is there, once. {@code -Dkills=20} makes it a long run.
 */
class KillIT {
  private static final int IMAGES = 200;
  private static final int KILLS = Integer.getInteger("kills", 2);

  @TempDir private Path folder;

  private final Random random = new Random(Long.getLong("kills.seed", 1));

  @Test
  void nothingIsLostAndNothingIsThereTwice() throws Exception {
    Workspace workspace = new Workspace(folder);
    Path prompts =
        workspace.file(
            "prompts.csv",
            IntStream.rangeClosed(0, IMAGES)
                .mapToObj(i -> i == 0 ? "id,prompt" : i + ",picture " + i)
                .toArray(String[]::new));
    for (int kill = 0; kill < KILLS; kill++) {
      killed(workspace, prompts, kill % 2 == 0);
    }
    Process last = start(workspace, prompts);
    assertThat(last.waitFor()).as(log()).isZero();

    List<Row> rows = workspace.images("out").collectAsList();
    assertThat(rows).hasSize(IMAGES);
    assertThat(rows.stream().map(row -> row.<String>getAs("request_key")).distinct())
        .hasSize(IMAGES);
    for (Row row : rows) {
      byte[] file = row.<Row>getAs("image").getAs("bytes");
      assertThat(DigestUtils.sha256Hex(file)).isEqualTo(row.<String>getAs("sha256"));
      assertThat(Workspace.pixels(file)).hasSize(3 * 64 * 64);
    }
    try (var left = Files.walk(workspace.output("out/data"))) {
      assertThat(left).noneMatch(path -> path.getFileName().toString().equals("_temporary"));
    }
  }

  /** A run whose driver, or one of whose executors, is killed while pictures are made. */
  private void killed(Workspace workspace, Path prompts, boolean isDriver) throws Exception {
    Process run = start(workspace, prompts);
    while (run.isAlive() && executors(run).isEmpty()) {
      run.waitFor(100, TimeUnit.MILLISECONDS);
    }
    run.waitFor(2000 + random.nextInt(12_000), TimeUnit.MILLISECONDS);
    List<ProcessHandle> executors = executors(run);
    Optional<ProcessHandle> executor = executors.stream().findFirst();
    if (isDriver) {
      run.destroyForcibly();
    } else {
      executor.ifPresent(ProcessHandle::destroyForcibly);
    }
    int code = run.waitFor();
    assertThat(code).as(log()).isIn(0, isDriver ? 137 : 0);
    for (ProcessHandle orphan : executors) {
      orphan.onExit().get(2, TimeUnit.MINUTES); // they see that their driver is gone
    }
  }

  private Process start(Workspace workspace, Path prompts) throws IOException {
    List<String> command = new ArrayList<>(List.of(Project.path("deploy/submit").toString()));
    command.addAll(
        List.of(
            workspace.generate(
                prompts,
                "out",
                "--commit-every",
                "25",
                "--batch-size",
                "2",
                "--height",
                "64",
                "--width",
                "64",
                "--num-inference-steps",
                "20")));
    command.addAll(List.of("--", "--master", "local-cluster[2,1,1024]"));
    for (Map.Entry<String, String> setting :
        Map.of(
                "spark.executor.memory", "1g",
                "spark.executor.extraClassPath", System.getProperty("fluxspark.jar"),
                "spark.driver.host", "localhost",
                "spark.driver.bindAddress", "127.0.0.1",
                "spark.ui.enabled", "false")
            .entrySet()) {
      command.addAll(List.of("--conf", setting.getKey() + "=" + setting.getValue()));
    }
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().remove("SPARK_HOME");
    return builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log.txt").toFile()))
        .start();
  }

  private static List<ProcessHandle> executors(Process run) {
    return run.descendants()
        .filter(
            process ->
                process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"))
        .toList();
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("log.txt"));
  }
}
