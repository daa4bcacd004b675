package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a sink of Spark's metrics system gets from each executor. */
class MetricsIT {
  private static final int EXECUTORS = 2;
  private static final int PICTURES = 16;
  private static final String SINK = "spark.metrics.conf.executor.sink.csv.";

  @TempDir private Path folder;

  private LocalCluster cluster;

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void everyExecutorReportsWhatItMadeOverTwoJobs() throws Exception {
    Path sink = Files.createDirectory(folder.resolve("metrics"));
    cluster =
        new LocalCluster(
            EXECUTORS,
            Map.of(
                SINK + "class",
                "org.apache.spark.metrics.sink.CsvSink",
                SINK + "directory",
                sink.toString()));
    Path prompts =
        Files.writeString(
            folder.resolve("prompts.csv"),
            "id,prompt\n"
                + IntStream.range(0, PICTURES)
                    .mapToObj(
                        i ->
                            i
                                + ",picture "
                                + i
                                + (i == 0 ? ConstantPictures.NOT_FINITE : "")
                                + "\n")
                    .collect(Collectors.joining()));

    generate(prompts, "first");
    generate(prompts, "second");
    cluster.reportMetrics();

    assertThat(values(sink, "images.made")).hasSize(EXECUTORS);
    assertThat(sum(sink, "images.made")).isEqualTo(2 * (PICTURES - 1));
    assertThat(sum(sink, "images.failed")).isEqualTo(2);
    assertThat(sum(sink, "batches")).isEqualTo(2 * PICTURES);
    assertThat(sum(sink, "texts.encoded")).isEqualTo(2 * PICTURES);
    assertThat(sum(sink, "outOfMemoryRetries")).isZero();
    assertThat(values(sink, "modelLoads")).containsOnly(1.0);
    // What the painter says of every batch.
    assertThat(sum(sink, "seconds.text")).isEqualTo(2 * PICTURES * 0.5);
    assertThat(sum(sink, "seconds.denoising")).isEqualTo(2 * PICTURES * 1.0);
    assertThat(sum(sink, "seconds.decoding")).isEqualTo(2 * PICTURES * 0.25);
    assertThat(sum(sink, "seconds.encoding")).isPositive();
  }

  private void generate(Path prompts, String output) {
    CommandLineRun run =
        CommandLineRun.of(
            cluster::spark,
            ConstantPictures::open,
            Map.of(),
            "generate",
            "--prompts",
            prompts.toString(),
            "--output",
            folder.resolve(output).toString(),
            "--max-error-fraction",
            "1");
    assertThat(run.code()).as(run.err()).isZero();
  }

  private static double sum(Path sink, String metric) throws IOException {
    return values(sink, metric).stream().mapToDouble(Double::doubleValue).sum();
  }

  /** The last value of each executor's file. */
  private static List<Double> values(Path sink, String metric) throws IOException {
    try (Stream<Path> files = Files.list(sink)) {
      return files
          .filter(file -> file.toString().endsWith(".fluxspark." + metric + ".csv"))
          .map(MetricsIT::lastValue)
          .toList();
    }
  }

  private static double lastValue(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      return Double.parseDouble(lines.get(lines.size() - 1).split(",", -1)[1]);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
