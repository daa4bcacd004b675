package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.jobs.LocalCluster.Executor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

/** What a cluster's executors do with the model, seen from inside their processes. */
class ClusterIT {
  private static final int EXECUTORS = 2;
  private static final int PICTURES = 16;

  /** As {@code TaskSizes} has it: two an executor. No other stage has as many. */
  private static final int TASKS = 2 * EXECUTORS;

  @TempDir private Path folder;

  private final LocalCluster cluster = new LocalCluster(EXECUTORS);

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void aModelIsLoadedOnceAnExecutorOverTwoJobsAndNothingElseStaysOpen() throws Exception {
    Path prompts = prompts(PICTURES);

    CommandLineRun first = generate(prompts, "first");
    List<Executor> afterFirst = cluster.executors();
    CommandLineRun second = generate(prompts, "second");
    List<Executor> afterSecond = cluster.executors();

    assertThat(first.code()).as(first.err()).isZero();
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(afterFirst).hasSize(EXECUTORS).extracting(Executor::loads).containsOnly(1L);
    assertThat(afterFirst).extracting(Executor::openValues).allMatch(open -> open > 0);
    assertThat(afterSecond).hasSize(EXECUTORS).extracting(Executor::loads).containsOnly(1L);
    assertThat(cluster.executorsWithoutModels()).extracting(Executor::openValues).containsOnly(0L);
    assertThat(sha256("second")).hasSize(PICTURES).isEqualTo(sha256("first"));
  }

  /** Its neighbours have the same text, so that all but the last and first of tasks know it. */
  @Test
  void seedsOfOnePromptCostItsTextOnceATask() throws Exception {
    Path prompts = prompts(PICTURES);

    CommandLineRun run =
        generate(prompts, "out", "--num-images-per-prompt", "10", "--num-inference-steps", "1");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(sha256("out")).hasSize(PICTURES);
    try (Stream<Path> reports = Files.list(folder.resolve("out/_runs"))) {
      JsonNode report = new ObjectMapper().readTree(reports.findFirst().orElseThrow().toFile());
      assertThat(report.get("counts").get("images_made").asInt()).isEqualTo(10 * PICTURES);
      assertThat(report.get("counts").get("texts_encoded").asInt())
          .isBetween(PICTURES, PICTURES + TASKS - 1);
    }
  }

  @Test
  void aFailedBatchLeavesNothingOpen() throws Exception {
    Path prompts =
        Files.writeString(
            folder.resolve("prompts.csv"),
            "id,prompt,true_cfg_scale,negative_prompt\n"
                + IntStream.range(0, PICTURES)
                    .mapToObj(
                        i -> i + ",picture " + i + "," + (i % 2 == 0 ? "1e38" : "2") + ",rain\n")
                    .collect(Collectors.joining()));

    CommandLineRun run = generate(prompts, "out", "--batch-size", "2", "--max-error-fraction", "1");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(
            cluster
                .spark()
                .read()
                .parquet(folder + "/out/_errors")
                .select("error_code")
                .collectAsList())
        .hasSize(PICTURES / 2)
        .allMatch(row -> row.getString(0).equals("NOT_FINITE"));
    assertThat(sha256("out")).hasSize(PICTURES / 2);
    assertThat(cluster.executorsWithoutModels()).extracting(Executor::openValues).containsOnly(0L);
  }

  @Test
  void anInterruptedTaskLeavesNothingOpenAndTheSameCommandMakesTheRest() throws Exception {
    Path prompts = prompts(PICTURES);
    Generating generating = new Generating();
    cluster.spark().sparkContext().addSparkListener(generating);

    CompletableFuture<CommandLineRun> interrupted =
        CompletableFuture.supplyAsync(
            () -> generate(prompts, "out", "--num-inference-steps", "1000"));
    generating.everywhere.await();
    new ProcessBuilder("kill", "-INT", Long.toString(ProcessHandle.current().pid())).start();

    assertThat(interrupted.get().code()).as(interrupted.get().err()).isEqualTo(130);
    assertThat(cluster.executorsWithoutModels()).extracting(Executor::openValues).containsOnly(0L);
    assertThat(folder.resolve("out/data/portion=000000/_SUCCESS")).doesNotExist();
    assertThat(generate(prompts, "out").code()).isZero();
    assertThat(sha256("out")).hasSize(PICTURES);
  }

  /** Knows when every executor has told of a running task that makes pictures. */
  private static final class Generating extends SparkListener {
    private final CountDownLatch everywhere = new CountDownLatch(1);
    private final Set<Integer> stages = new HashSet<>();
    private final Set<String> executors = new HashSet<>();

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
      if (submitted.stageInfo().numTasks() == TASKS) {
        stages.add(submitted.stageInfo().stageId());
      }
    }

    @Override
    public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
      for (var task : CollectionConverters.asJava(update.accumUpdates())) {
        if (stages.contains(task._2())) {
          executors.add(update.execId());
        }
      }
      if (executors.size() == EXECUTORS) {
        everywhere.countDown();
      }
    }
  }

  private Path prompts(int rows) throws Exception {
    return Files.writeString(
        folder.resolve("prompts.csv"),
        "id,prompt\n"
            + IntStream.range(0, rows)
                .mapToObj(i -> i + ",picture " + i + "\n")
                .collect(Collectors.joining()));
  }

  private CommandLineRun generate(Path prompts, String output, String... options) {
    List<String> command = new ArrayList<>(List.of("generate", "--prompts", prompts.toString()));
    command.addAll(List.of("--output", folder.resolve(output).toString()));
    command.addAll(List.of(options));
    return CommandLineRun.of(
        cluster::spark, new ModelFolders(), Map.of(), command.toArray(String[]::new));
  }

  private Map<String, String> sha256(String output) {
    Map<String, String> byId = new HashMap<>();
    cluster
        .spark()
        .read()
        .parquet(folder.resolve(output).resolve("data").toString())
        .select("id", "sha256")
        .collectAsList()
        .forEach(row -> byId.put(row.getString(0), row.getString(1)));
    return byId;
  }
}
