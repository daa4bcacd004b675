package io.fluxspark.program;

import static io.fluxspark.program.DataType.BFLOAT16;
import static io.fluxspark.program.DataType.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * oneDNN's kernels, and those for a GPU as the CPU runs them, against those of every device, which
 * other tests hold against the truth.
 */
class KernelsTest {
  private static final Dim B = Dim.named("B");
  private static final Dim H = Dim.named("H");
  private static final Dim S = Dim.named("S");
  private static final Dim D = Dim.of(16);
  private static final int IN = 24;
  private static final int OUT = 40;

  private final long openBefore = TensorScope.openValues();
  private final TensorScope scope = new TensorScope(Device.cpu());
  private final SplittableRandom random = new SplittableRandom(1);
  private final Program program = new Program("Net");

  @AfterEach
  void nothingStaysOpen() {
    scope.close();
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  @Test
  void thisProcessorHasOneDnn() {
    assertThat(Kernels.of(Device.cpu())).isEqualTo(Kernels.ONEDNN);
    assertThat(Kernels.of(Device.cuda(0))).isIn(Kernels.CUDA, Kernels.HOPPER);
  }

  @Test
  void gradientsArePortable() {
    Method method = program.method("square");
    method.returns(method.input("x", FLOAT32, B).square());
    program.gradient(method, List.of(), "x");
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      assertThat(loaded.takesPackedWeights()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT32", "BFLOAT16"})
  void linearLayersAgree(DataType type) {
    Method cast = cast(type);
    Method run = program.method("run");
    Weights w = run.adaptableWeights("w", type);
    Tensor x = run.input("x", FLOAT32, B, Dim.of(IN)).to(type); // (B, in)
    Dim half = Dim.of(IN / 2);
    run.returns(
        w.linear("plain", x, OUT).to(FLOAT32),
        w.linearWithoutBias("plain", x, OUT).to(FLOAT32),
        w.linearGeluTanh("plain", x, OUT).to(FLOAT32),
        w.linearGeluTanh("adapted", x, OUT).to(FLOAT32),
        w.joinedLinear("plain", x.narrow(-1, Dim.of(0), half), x.narrow(-1, half, half), OUT)
            .to(FLOAT32),
        w.joinedLinear("adapted", x.narrow(-1, Dim.of(0), half), x.narrow(-1, half, half), OUT)
            .to(FLOAT32)); // (B, out)
    assertThat(program.isMatrix("plain.weight")).isTrue();
    assertThat(program.isMatrix("plain.bias")).isFalse();
    try (LoadedProgram portable = LoadedProgram.load(program, Device.cpu(), Kernels.PORTABLE);
        LoadedProgram oneDnn = LoadedProgram.load(program, Device.cpu(), Kernels.ONEDNN);
        LoadedProgram cuda = LoadedProgram.load(program, Device.cpu(), Kernels.CUDA);
        PackedWeights matrices = new PackedWeights()) {
      NativeTensor matrix = portable.run(scope, cast, numbers(OUT, IN)).get(0);
      NativeTensor bias = portable.run(scope, cast, numbers(OUT)).get(0);
      NativeTensor down = portable.run(scope, cast, numbers(2, IN)).get(0);
      NativeTensor up = portable.run(scope, cast, numbers(OUT, 2)).get(0);
      NativeWeights plain = weights(matrix, bias, down, up);
      NativeWeights packed = weights(matrices.matrix(scope, matrix), bias, down, up);
      NativeTensor in = numbers(3, IN);
      for (int result = 0; result < 6; result++) {
        float[] wanted = portable.run(scope, run, plain, in).get(result).toFloats();
        // On the CPU a product that ends in GELU has the exact one.
        assertThat(cuda.run(scope, run, plain, in).get(result).toFloats())
            .containsExactly(wanted, result == 2 ? within(0.06f) : rounding(type));
        assertThat(oneDnn.run(scope, run, plain, in).get(result).toFloats())
            .containsExactly(wanted, rounding(type));
        assertThat(oneDnn.run(scope, run, packed, in).get(result).toFloats())
            .containsExactly(wanted, rounding(type));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, 1", "FLOAT32, 3", "BFLOAT16, 1", "BFLOAT16, 3"})
  void normsAgree(DataType type, int pictures) {
    Dim one = Dim.of(1);
    Method run = program.method("run");
    Tensor x = run.input("x", FLOAT32, B, S, D).to(type); // (B, S, 16)
    Tensor shift = run.input("shift", FLOAT32, B, one, D).to(type); // (B, 1, 16)
    Tensor scale = run.input("scale", FLOAT32, B, one, D).to(type); // (B, 1, 16)
    run.returns(x.adaLayerNorm(shift, scale, 1e-6).to(FLOAT32));
    assertCudaAgrees(
        run, type, numbers(pictures, 5, 16), numbers(pictures, 1, 16), numbers(pictures, 1, 16));
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, 1", "FLOAT32, 2", "BFLOAT16, 1", "BFLOAT16, 2"})
  void headsAgree(DataType type, int pictures) {
    Dim more = Dim.named("L");
    Method run = program.method("run");
    Tensor x = run.input("x", FLOAT32, B, S, H, D).to(type); // (B, S, H, 16)
    Tensor y = run.input("y", FLOAT32, B, more, H, D).to(type); // (B, L, H, 16)
    Tensor ofX = run.input("of_x", FLOAT32, D).to(type); // (16)
    Tensor ofY = run.input("of_y", FLOAT32, D).to(type); // (16)
    Tensor one = run.input("pe", FLOAT32, S, Dim.of(8), Dim.of(2)); // (S, 8, 2)
    Tensor both = run.input("both", FLOAT32, S.plus(more), Dim.of(8), Dim.of(2)); // (S + L, 8, 2)
    List<Tensor> streams = List.of(x, y);
    List<Tensor> weights = List.of(ofX, ofY);
    run.returns(
        Tensor.rotaryHeads(List.of(x), List.of(ofX), one, 1e-6).to(FLOAT32),
        Tensor.rotaryHeads(streams, weights, both, 1e-6).to(FLOAT32));
    NativeTensor[] in = {
      numbers(pictures, 5, 3, 16),
      numbers(pictures, 4, 3, 16),
      numbers(16),
      numbers(16),
      numbers(5, 8, 2),
      numbers(9, 8, 2)
    };
    assertCudaAgrees(run, type, in);
  }

  private void assertCudaAgrees(Method run, DataType type, NativeTensor... in) {
    try (LoadedProgram portable = LoadedProgram.load(program, Device.cpu(), Kernels.PORTABLE);
        LoadedProgram cuda = LoadedProgram.load(program, Device.cpu(), Kernels.CUDA)) {
      List<NativeTensor> wanted = portable.run(scope, run, in);
      List<NativeTensor> made = cuda.run(scope, run, in);
      for (int result = 0; result < wanted.size(); result++) {
        assertThat(made.get(result).shape()).isEqualTo(wanted.get(result).shape());
        assertThat(made.get(result).toFloats())
            .containsExactly(wanted.get(result).toFloats(), rounding(type));
      }
    }
  }

  private NativeWeights weights(
      NativeTensor matrix, NativeTensor bias, NativeTensor down, NativeTensor up) {
    return scope.weights(
        Map.of(
            "plain.weight",
            matrix,
            "plain.bias",
            bias,
            "adapted.weight",
            matrix,
            "adapted.bias",
            bias,
            "adapted" + Method.LORA_A,
            down,
            "adapted" + Method.LORA_B,
            up));
  }

  /** The last one is looked at in several parts, of a head's queries and of heads. */
  @ParameterizedTest
  @CsvSource({"1, 1, 1", "2, 3, 70", "1, 3, 2500"})
  void attentionAgrees(int pictures, int heads, int tokens) {
    Method run = program.method("run");
    Tensor q = run.input("q", FLOAT32, B, H, S, D).to(BFLOAT16); // (B, H, S, d)
    Tensor k = run.input("k", FLOAT32, B, H, S, D).to(BFLOAT16); // (B, H, S, d)
    Tensor v = run.input("v", FLOAT32, B, H, S, D).to(BFLOAT16); // (B, H, S, d)
    run.returns(q.attention(k, v).to(FLOAT32));
    try (LoadedProgram portable = LoadedProgram.load(program, Device.cpu(), Kernels.PORTABLE);
        LoadedProgram oneDnn = LoadedProgram.load(program, Device.cpu(), Kernels.ONEDNN);
        LoadedProgram hopper = LoadedProgram.load(program, Device.cpu(), Kernels.HOPPER)) {
      NativeTensor[] in = queriesKeysAndValues(pictures, heads, tokens);
      float[] wanted = portable.run(scope, run, in).get(0).toFloats();
      NativeTensor attended = oneDnn.run(scope, run, in).get(0);
      assertThat(attended.shape()).containsExactly(pictures, heads, tokens, D.constant());
      assertThat(attended.toFloats()).containsExactly(wanted, rounding(BFLOAT16));
      assertThat(hopper.run(scope, run, in).get(0).toFloats()).containsExactly(wanted);
    }
  }

  @Test
  void onHopperCudnnHasSequencesOfMultiplesOf128() {
    Method run = program.method("run");
    Tensor q = run.input("q", FLOAT32, B, H, S, D).to(BFLOAT16); // (B, H, S, d)
    run.returns(q.attention(q, q).to(FLOAT32));
    try (LoadedProgram hopper = LoadedProgram.load(program, Device.cpu(), Kernels.HOPPER)) {
      assertThatThrownBy(() -> hopper.run(scope, run, queriesKeysAndValues(1, 2, 256)[0]))
          .as("what a CPU does not have")
          .hasMessageContaining("_scaled_dot_product_cudnn_attention");
    }
  }

  @Test
  void aCpuHasNoCudnn() {
    LoadedProgram.load(CudnnAttention.PROGRAM, Device.cpu(), Kernels.PORTABLE).close();

    assertThat(CudnnAttention.worksOn(Device.cpu())).isFalse();
  }

  @Test
  void thereIsNoGpuOfThatNumber() {
    assertThat(CudaDriver.computeCapability(Device.cuda(1000))).isEmpty();
  }

  private NativeTensor[] queriesKeysAndValues(int pictures, int heads, int tokens) {
    NativeTensor[] in = new NativeTensor[3];
    for (int i = 0; i < in.length; i++) {
      in[i] = numbers(pictures, heads, tokens, D.constant());
    }
    return in;
  }

  private Method cast(DataType type) {
    Method cast = program.method("cast");
    return cast.returns(cast.input("x", FLOAT32).to(type));
  }

  private NativeTensor numbers(long... shape) {
    float[] numbers = new float[(int) java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextDouble(-1, 1);
    }
    return scope.floats(numbers, shape);
  }

  private static Offset<Float> rounding(DataType type) {
    return within(type == BFLOAT16 ? 0.06f : 1e-5f);
  }
}
