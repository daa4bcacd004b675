package io.fluxspark.benchmarks;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Dim;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.NativeWeights;
import io.fluxspark.program.PackedWeights;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.Weights;
import java.util.Arrays;
import java.util.Map;
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

/** A product of two square matrices, the largest share of what a transformer does. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
public class MatrixMultiply {
  private static final int SIZE = 2048;

  /** Multiplications and additions of a call. */
  static final double FLOPS = 2.0 * SIZE * SIZE * SIZE;

  @Param("")
  public String folder;

  @Param({"FLOAT32", "BFLOAT16"})
  public DataType type;

  private LoadedProgram program;
  private Method multiply;
  private TensorScope scope;
  private NativeTensor a;
  private NativeWeights b;

  @Setup
  public void load() {
    Program source = new Program("MatrixMultiply");
    Method cast = source.method("cast");
    cast.returns(cast.input("x", DataType.FLOAT32, Dim.named("M"), Dim.of(SIZE)).to(type).add(0));
    multiply = source.method("multiply");
    Weights weights = multiply.weights("w", type);
    multiply.returns(
        weights.linearWithoutBias(
            "b", multiply.input("a", type, Dim.named("M"), Dim.of(SIZE)), SIZE));
    program = LoadedProgram.load(source, Device.cpu());
    scope = new TensorScope(Device.cpu());
    float[] numbers = new float[SIZE * SIZE];
    Arrays.fill(numbers, 0.5f);
    a = program.run(scope, cast, scope.floats(numbers, SIZE, SIZE)).get(0);
    NativeTensor second = program.run(scope, cast, scope.floats(numbers, SIZE, SIZE)).get(0);
    if (program.takesPackedWeights()) {
      try (PackedWeights matrices = new PackedWeights()) {
        second = matrices.matrix(scope, second);
      }
    }
    b = scope.weights(Map.of("b.weight", second));
  }

  @Benchmark
  public void multiply() {
    try (TensorScope step = new TensorScope(Device.cpu())) {
      program.run(step, multiply, b, a);
    }
  }

  @TearDown
  public void close() {
    scope.close();
    program.close();
  }
}
