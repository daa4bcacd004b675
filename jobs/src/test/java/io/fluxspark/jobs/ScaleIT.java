package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many rows with a model that makes one grey picture, in one process with a heap of 2 GB: prints
 * what plan and run take, and what stays in the heap.
 */
@Tag("scale")
class ScaleIT {
  private static final double MIB = 1 << 20;
  private static final double NANOS = 1e9;

  @TempDir private Path folder;

  @Test
  void rowsCostTheSameHoweverManyThereAre() {
    System.out.printf("%,d MiB of heap%n", Math.round(Runtime.getRuntime().maxMemory() / MIB));
    System.out.printf(
        "%10s %12s %12s %12s %12s%n", "rows", "half s", "plan s", "rest s", "heap MiB");
    int most = Integer.getInteger("rows", 1_000_000);
    for (int rows = most / 100; rows <= most; rows *= 10) {
      measure(rows);
    }
  }

  private void measure(int rows) {
    Workspace workspace = new Workspace(folder);
    String half = table(rows / 2, rows);
    String whole = table(rows, rows);
    String[] options = {
      "--commit-every",
      "50000",
      "--batch-size",
      "4",
      "--max-error-fraction",
      "0.1",
      "--height",
      "16",
      "--width",
      "16"
    };
    String output = "out-" + rows;

    double halfSeconds = seconds(workspace.generate(Path.of(half), output, options));
    String[] plan = workspace.generate(Path.of(whole), output, options);
    plan[0] = "plan";
    double planSeconds = seconds(plan);
    double restSeconds = seconds(workspace.generate(Path.of(whole), output, options));

    System.gc();
    double heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / MIB;
    System.out.printf(
        Locale.ROOT,
        "%,10d %12.1f %12.1f %12.1f %12.0f%n",
        rows,
        halfSeconds,
        planSeconds,
        restSeconds,
        heap);
    assertThat(workspace.images(output).select("request_key").distinct().count())
        .isEqualTo(rows - rows / 100);
    assertThat(workspace.images(output).count()).isEqualTo(rows - rows / 100);
    assertThat(
            TestSpark.session()
                .read()
                .parquet(workspace.output(output) + "/_errors")
                .select("request_key")
                .distinct()
                .count())
        .isEqualTo(rows / 100);
  }

  /** The first rows of a table of which each hundredth is wrong. */
  private String table(int rows, int all) {
    String name = folder.resolve("prompts-" + rows + "-of-" + all + ".parquet").toString();
    TestSpark.session()
        .range(rows)
        .select(
            col("id"),
            concat(lit("a fox, number "), col("id")).as("prompt"),
            when(col("id").mod(100).equalTo(99), lit(-1))
                .otherwise(lit(2))
                .as("num_inference_steps"))
        .write()
        .parquet(name);
    return name;
  }

  private static double seconds(String... command) {
    long start = System.nanoTime();
    CommandLineRun run = CommandLineRun.of(command);
    assertThat(run.code()).as(run.err()).isZero();
    return (System.nanoTime() - start) / NANOS;
  }
}
