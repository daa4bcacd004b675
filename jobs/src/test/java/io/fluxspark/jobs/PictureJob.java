package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;

/**
 * {@code deploy/submit generate} of {@value #IMAGES} small pictures on two executors that are
 * processes of their own. Prompts, model and pictures are in one place.
 */
final class PictureJob implements AutoCloseable {
  static final int IMAGES = 200;
  private static final int SIZE = 64;

  /** A process that is killed soon would spend most of its time on compiling itself. */
  private static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private final java.nio.file.Path folder;
  private final Path place;
  private final Map<String, String> settings;
  private final FileSystem files;
  private Process run;
  private int logBefore;

  /**
   * Brings prompts and model there.
   *
   * @param folder of this host, for the log, the model and copies
   * @param place a folder or bucket, as a URI
   * @param settings Hadoop's, with which the job finds it
   * @param own the same for this process
   */
  PictureJob(
      java.nio.file.Path folder, String place, Map<String, String> settings, Configuration own)
      throws IOException {
    this.folder = folder;
    this.place = new Path(place);
    this.settings = Map.copyOf(settings);
    this.files = this.place.getFileSystem(own);
    java.nio.file.Path prompts =
        new Workspace(folder)
            .file(
                "prompts.csv",
                IntStream.rangeClosed(0, IMAGES)
                    .mapToObj(i -> i == 0 ? "id,prompt" : i + ",picture " + i)
                    .toArray(String[]::new));
    files.copyFromLocalFile(new Path(prompts.toUri()), at("in/prompts.csv"));
    files.copyFromLocalFile(new Path(Project.golden("dev").toUri()), at("in/model"));
  }

  private Path at(String name) {
    return new Path(place, name);
  }

  /**
   * Starts it, or what is missing of it.
   *
   * @param output a name for the output
   * @param steps of the sampler; how long it takes
   * @param commitEvery so many pictures
   */
  Process start(String output, int steps, int commitEvery) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Project.path("deploy/submit").toString(),
                "generate",
                "--prompts",
                at("in/prompts.csv").toString(),
                "--model",
                at("in/model").toString(),
                "--model-cache",
                folder.resolve("models").toString(),
                "--output",
                at(output).toString(),
                "--commit-every",
                Integer.toString(commitEvery),
                "--batch-size",
                "2",
                "--height",
                Integer.toString(SIZE),
                "--width",
                Integer.toString(SIZE),
                "--num-inference-steps",
                Integer.toString(steps),
                "--verbose",
                "--",
                "--master",
                "local-cluster[2,1,2048]"));
    Map.of(
            "spark.executor.memory", "1g",
            "spark.executor.extraClassPath", System.getProperty("fluxspark.jar"),
            "spark.driver.extraJavaOptions", SHORT_LIVED,
            "spark.executor.extraJavaOptions", SHORT_LIVED,
            "spark.sql.shuffle.partitions", "4",
            "spark.driver.host", "localhost",
            "spark.driver.bindAddress", "127.0.0.1",
            "spark.ui.enabled", "false")
        .forEach((key, value) -> command.addAll(List.of("--conf", key + "=" + value)));
    settings.forEach(
        (key, value) -> command.addAll(List.of("--conf", "spark.hadoop." + key + "=" + value)));
    logBefore = log().length();
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().remove("SPARK_HOME");
    run =
        builder
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log.txt").toFile()))
            .start();
    return run;
  }

  /** The driver that was started last. */
  Process run() {
    return run;
  }

  /** The executors of the run that was started last. */
  List<ProcessHandle> executors() {
    return run.descendants()
        .filter(
            process ->
                process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"))
        .toList();
  }

  /** Whether the run that was started last has told of pictures. */
  boolean hasProgress() {
    return log().substring(logBefore).contains(" of " + IMAGES + " images");
  }

  /** What all runs have said so far. */
  String log() {
    java.nio.file.Path log = folder.resolve("log.txt");
    try {
      return Files.exists(log) ? Files.readString(log) : "";
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Ends what a failed test has left. */
  @Override
  public void close() {
    if (run != null) {
      executors().forEach(ProcessHandle::destroyForcibly);
      run.destroyForcibly();
    }
  }

  /** Every picture is there, once and whole, and nothing else. */
  void assertComplete(String output) throws IOException {
    files.copyToLocalFile(
        false, at(output + "/data"), new Path(folder.resolve(output + "-copy/data").toUri()), true);
    Workspace workspace = new Workspace(folder);
    List<Row> rows = workspace.images(output + "-copy").collectAsList();
    assertThat(rows).hasSize(IMAGES);
    assertThat(rows.stream().map(row -> row.<String>getAs("request_key")).distinct())
        .hasSize(IMAGES);
    assertThat(rows.stream().map(row -> row.<String>getAs("id")))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.rangeClosed(1, IMAGES).mapToObj(Integer::toString).toList());
    for (Row row : rows) {
      byte[] file = row.<Row>getAs("image").getAs("bytes");
      assertThat(DigestUtils.sha256Hex(file)).isEqualTo(row.<String>getAs("sha256"));
      assertThat(Workspace.pixels(file)).hasSize(3 * SIZE * SIZE);
    }
    assertThat(files.exists(at(output + "/_errors"))).isFalse();
    assertThat(workspace.files())
        .filteredOn(file -> file.startsWith(output + "-copy"))
        .noneMatch(file -> file.contains("_temporary") || file.contains("__magic"));
  }
}
