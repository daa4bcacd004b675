package io.fluxspark.benchmarks;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.transformer.Modulation;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One step of the transformer for one picture; what modulates the blocks is there already. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 5)
public class TransformerStep {
  private static final float TIMESTEP = 500;

  @Param("")
  public String folder;

  @Param({"FLOAT32", "BFLOAT16"})
  public DataType type;

  private Transformer transformer;
  private TensorScope scope;
  private NativeTensor latents;
  private NativeTensor txt;
  private Modulation modulation;
  private Rotary rotary;

  @Setup
  public void load() {
    TransformerConfig config = TransformerBenchmark.CONFIG;
    int tokens = TransformerBenchmark.ROWS * TransformerBenchmark.COLUMNS;
    transformer =
        Transformer.load(
            config,
            Checkpoint.open(Path.of(folder), "diffusion_pytorch_model"),
            Device.cpu(),
            type);
    scope = new TensorScope(Device.cpu());
    latents = random(1, tokens, config.inChannels());
    txt =
        transformer.embedText(
            scope, random(1, TransformerBenchmark.TEXT_TOKENS, config.jointAttentionDim()));
    modulation =
        transformer.modulate(
            scope,
            new float[] {TIMESTEP},
            random(1, config.pooledProjectionDim()),
            scope.floats(new float[] {3.5f}, 1));
    rotary =
        Rotary.of(
            scope,
            config.axesDimsRope(),
            TransformerBenchmark.TEXT_TOKENS,
            List.of(new Rotary.Grid(0, TransformerBenchmark.ROWS, TransformerBenchmark.COLUMNS)));
  }

  private NativeTensor random(long... shape) {
    int size = 1;
    for (long axis : shape) {
      size *= (int) axis;
    }
    float[] numbers = new float[size];
    SplittableRandom random = new SplittableRandom(size);
    for (int i = 0; i < size; i++) {
      numbers[i] = (float) random.nextDouble(-1.7, 1.7);
    }
    return scope.floats(numbers, shape);
  }

  @Benchmark
  public void step() {
    try (TensorScope step = new TensorScope(Device.cpu())) {
      transformer.velocity(step, latents, txt, modulation, TIMESTEP, rotary);
    }
  }

  @TearDown
  public void close() {
    scope.close();
    transformer.close();
  }
}
