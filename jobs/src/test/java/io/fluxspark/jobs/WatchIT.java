package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code generate --watch}: prompts that arrive while it runs, or between two runs. */
class WatchIT {
  private static final long PATIENCE_SECONDS = 900;

  private static SparkSession spark;

  @TempDir private static Path shared;
  @TempDir private Path folder;
  private Workspace workspace;

  @BeforeAll
  static void start() throws Exception {
    spark = TableSession.start(shared);
  }

  @BeforeEach
  void makeWorkspace() {
    workspace = new Workspace(folder);
  }

  @Test
  void whatIsNewSinceTheLastTimeIsMade() throws Exception {
    workspace.file("in/1.csv", "id,prompt,width", "a,fox,64", "b,hen,5");

    CommandLineRun first =
        watch("in", "out", "--prompts-format", "csv", "--max-error-fraction", "1");
    CommandLineRun nothing = watch("in", "out", "--prompts-format", "csv");
    workspace.file("in/2.csv", "id,prompt,label", "c,owl,x", "a,fox,y");
    CommandLineRun second = watch("in", "out", "--prompts-format", "csv");

    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).startsWith("1 images, 1 failed rows");
    assertThat(nothing.code()).as(nothing.err()).isZero();
    assertThat(nothing.out()).isEmpty();
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.out()).startsWith("2 images, 0 failed rows");
    assertThat(ids(spark.read().parquet(folder + "/out/data"))).containsExactly("a", "a", "c");
  }

  @Test
  void aBatchThatWasNotTakenToItsEndIsTakenAgainWithoutDoublets() throws Exception {
    workspace.file("in/1.csv", "id,prompt", "a,fox", "b,hen");
    assertThat(watch("in/*.csv", "out").code()).isZero();
    // As a kill between the output's commit and the stream's leaves it.
    try (var all = Files.walk(folder.resolve("out/_fluxspark"))) {
      for (Path commit : all.filter(file -> file.getParent().endsWith("commits")).toList()) {
        Files.delete(commit);
      }
    }
    workspace.file("in/2.csv", "id,prompt", "c,owl");

    CommandLineRun again = watch("in/*.csv", "out");

    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.out()).startsWith("0 images").contains("2 there before", "\n1 images");
    assertThat(ids(spark.read().parquet(folder + "/out/data"))).containsExactly("a", "b", "c");
  }

  @Test
  void aFileThatCannotBeReadIsOneLineAndIsTakenOnceItIsMended() throws Exception {
    workspace.file("in/1.csv", "id,text", "a,fox");

    CommandLineRun bad = watch("in/*.csv", "out");
    workspace.file("in/1.csv", "id,prompt", "a,fox");
    CommandLineRun mended = watch("in/*.csv", "out");

    assertThat(bad.code()).as(bad.err()).isEqualTo(2);
    assertThat(bad.err().lines()).hasSize(1);
    assertThat(bad.err())
        .startsWith("fluxspark: error: " + folder + "/in/*.csv: has no column 'prompt'");
    assertThat(mended.code()).as(mended.err()).isZero();
    assertThat(mended.out()).startsWith("1 images");
  }

  @ParameterizedTest
  @CsvSource({
    "iceberg, lake.watched.prompts, lake.watched.pictures",
    "delta, watched_prompts, PATH/pictures",
    "delta, PATH/prompts, PATH/pictures",
    "iceberg, PATH/prompts, PATH/pictures"
  })
  void rowsThatAreAddedToATableAreTaken(String format, String prompts, String pictures)
      throws Exception {
    String source = prompts.replace("PATH", folder.toString());
    String target = pictures.replace("PATH", folder.toString());
    String table =
        TableFormat.isPath(source)
            ? TableFormat.named(format)
                .orElseThrow()
                .ofPath(spark, new org.apache.hadoop.fs.Path(source))
            : source;
    String[] options = {
      "--prompts-format", format, "--output-format", format, "--checkpoint", folder + "/taken"
    };
    spark.sql("select 'a' as id, 'fox' as prompt").writeTo(table).using(format).create();

    CommandLineRun first = watch(source, target, options);
    spark.sql("select 'b' as id, 'hen' as prompt").writeTo(table).append();
    CommandLineRun second = watch(source, target, options);

    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).startsWith("1 images");
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.out()).startsWith("1 images, 0 failed rows").doesNotContain("there before");
    spark.sql(
        (format.equals("delta") ? "update " : "delete from ")
            + table
            + (format.equals("delta") ? " set prompt = 'elk'" : " where id = 'a'"));
    CommandLineRun changed = watch(source, target, options);
    assertThat(changed.code()).as(changed.err()).isEqualTo(2);
    assertThat(changed.err().lines()).hasSize(1);
    assertThat(changed.err())
        .startsWith("fluxspark: error: --prompts " + source + ": cannot be watched: ");
    String made =
        TableFormat.isPath(target)
            ? TableFormat.named(format)
                .orElseThrow()
                .ofPath(spark, new org.apache.hadoop.fs.Path(target))
            : target;
    assertThat(ids(spark.table(made))).containsExactly("a", "b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--watch sometimes | --watch: 'sometimes'; available-now or an interval such as '30 seconds' is needed",
        "--checkpoint there | --checkpoint: goes with --watch, which is not given",
        "--watch available-now --output-format delta | --output pictures: is a name; --watch needs --checkpoint FOLDER with it",
      })
  void whatDoesNotGoTogetherIsOneLine(String options, String problem) {
    workspace.file("in/1.csv", "id,prompt", "a,fox");
    List<String> line =
        new ArrayList<>(
            List.of("generate", "--prompts", folder + "/in/*.csv", "--output", "pictures"));
    line.addAll(List.of(options.split(" ")));

    CommandLineRun run = run(line);

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).isEqualTo("fluxspark: error: " + problem + "\n");
  }

  /** The program as people start it, which sees a second file and ends when it is asked to. */
  @Test
  void aKillEndsItCleanlyAndTheSameCommandGoesOn() throws Exception {
    workspace.file("in/1.csv", "id,prompt,num_inference_steps", "a,fox,1");
    Process process = submit("10 seconds");
    try {
      await(process, folder.resolve("out/data/portion=000000/_SUCCESS"));
      Path late = workspace.file("late.csv", "id,prompt,num_inference_steps", "b,hen,1");
      Files.move(late, folder.resolve("in/2.csv"), StandardCopyOption.ATOMIC_MOVE);
      await(process, folder.resolve("out/data/portion=000001/_SUCCESS"));
      awaitTaken(process, 2);
      process.destroy();

      assertThat(process.waitFor()).as(log()).isZero();
    } finally {
      process.destroyForcibly();
    }
    assertThat(log()).doesNotContain("error").contains("1 images, 0 failed rows");
    workspace.file("in/3.csv", "id,prompt,num_inference_steps", "c,owl,1");
    Process rest = submit("available-now");
    assertThat(rest.waitFor()).as(log()).isZero();
    assertThat(ids(spark.read().parquet(folder + "/out/data"))).containsExactly("a", "b", "c");
  }

  private Process submit(String trigger) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                Project.path("deploy/submit").toString(),
                "generate",
                "--prompts",
                "in/*.csv",
                "--output",
                "out",
                "--watch",
                trigger)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log.txt").toFile()));
    builder.environment().remove("SPARK_HOME");
    return builder.start();
  }

  private String log() throws Exception {
    return Files.readString(folder.resolve("log.txt"));
  }

  private void await(Process process, Path file) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(file)) {
      assertThat(process.isAlive() && System.nanoTime() < end).as(log()).isTrue();
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  /** Until the stream itself has noted that so many batches are done. */
  private void awaitTaken(Process process, int batches) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      try (var all = Files.walk(folder.resolve("out/_fluxspark"))) {
        if (all.anyMatch(file -> file.endsWith("commits/" + (batches - 1)))) {
          return;
        }
      }
      assertThat(process.isAlive() && System.nanoTime() < end).as(log()).isTrue();
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  private CommandLineRun watch(String prompts, String output, String... options) {
    List<String> line = new ArrayList<>(List.of("generate", "--watch", "available-now"));
    line.addAll(
        List.of(
            "--prompts",
            prompts.startsWith("in") ? folder.resolve(prompts).toString() : prompts,
            "--output",
            output.equals("out") ? folder.resolve(output).toString() : output));
    line.addAll(List.of(options));
    return run(line);
  }

  private static CommandLineRun run(List<String> line) {
    return CommandLineRun.of(
        () -> spark, ConstantPictures::open, Map.of(), line.toArray(String[]::new));
  }

  private static List<String> ids(Dataset<Row> rows) {
    return rows.select("id").as(Encoders.STRING()).collectAsList().stream().sorted().toList();
  }
}
