package io.fluxspark.benchmarks;

import io.fluxspark.program.DataType;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.weights.StoredType;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/**
 * Milliseconds a step of a mid-size transformer of random weights on this machine's CPU, beside the
 * peak of its matrix multiplication in the same run: the median of the steps, the best of the
 * products.
 */
public final class TransformerBenchmark {
  static final TransformerConfig CONFIG =
      new TransformerConfig(1, 64, 64, 4, 8, 128, 6, 4096, 768, true, List.of(16, 56, 56));
  static final int ROWS = 16;
  static final int COLUMNS = 16;
  static final int TEXT_TOKENS = 64;

  private static final double GIGA = 1e9;
  private static final double FLOPS = CONFIG.flops(ROWS * COLUMNS + TEXT_TOKENS);

  private TransformerBenchmark() {}

  /** Runs everything and prints a table. */
  public static void main(String[] arguments) throws IOException, RunnerException {
    System.out.printf(
        "Transformer of %d heads x %d, %d double and %d single blocks, %d image and %d text tokens:"
            + " %.1f GFLOP a step%n%n",
        CONFIG.numAttentionHeads(),
        CONFIG.attentionHeadDim(),
        CONFIG.numLayers(),
        CONFIG.numSingleLayers(),
        ROWS * COLUMNS,
        TEXT_TOKENS,
        FLOPS / GIGA);
    System.out.printf(
        "%-10s %-10s %14s %14s %12s%n", "stored", "dtype", "ms a step", "peak GFLOP/s", "share");
    for (StoredType stored : List.of(StoredType.BF16, StoredType.F8_E4M3)) {
      Path folder = Files.createTempDirectory("transformer-benchmark-");
      try {
        RandomTransformer.write(folder, CONFIG, stored);
        measure(folder, stored);
      } finally {
        for (File file : folder.toFile().listFiles()) {
          Files.delete(file.toPath());
        }
        Files.delete(folder);
      }
    }
  }

  private static void measure(Path folder, StoredType stored) throws RunnerException {
    for (DataType type : List.of(DataType.FLOAT32, DataType.BFLOAT16)) {
      double peak = MatrixMultiply.FLOPS / samples(MatrixMultiply.class, folder, type).getMin();
      double step = samples(TransformerStep.class, folder, type).getPercentile(50);
      System.out.printf(
          "%-10s %-10s %14.1f %14.0f %11.0f%%%n",
          stored,
          type.name().toLowerCase(java.util.Locale.ROOT),
          1000 * step,
          peak / GIGA,
          100 * FLOPS / step / peak);
    }
  }

  private static Statistics samples(Class<?> benchmark, Path folder, DataType type)
      throws RunnerException {
    RunResult result =
        new Runner(
                new OptionsBuilder()
                    .include(benchmark.getName())
                    .param("folder", folder.toString())
                    .param("type", type.name())
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .runSingle();
    return result.getPrimaryResult().getStatistics();
  }
}
