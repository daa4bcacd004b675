package io.fluxspark.program;

import static io.fluxspark.program.DataType.BFLOAT16;
import static io.fluxspark.program.DataType.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RowProductsTest {
  private static final Dim B = Dim.named("B");
  private static final Dim S = Dim.named("S");
  private static final int ROWS = 6;
  private static final int IN = 96;
  private static final int OUT = 48;

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
  void processorsOfTestsHaveVnni() {
    assertThat(PackedWeights.takesInt8(Device.cpu())).isTrue();
    assertThat(PackedWeights.takesInt8(Device.cuda(0))).isFalse();
  }

  /** The last is what rounding leaves of normal numbers, of the mean square. */
  @ParameterizedTest
  @CsvSource({
    "INT8_PRODUCTS, FLOAT32, 0.02",
    "INT8_PRODUCTS, BFLOAT16, 0.02",
    "FLOAT8_PRODUCTS, FLOAT32, 0.06",
    "FLOAT8_PRODUCTS, BFLOAT16, 0.06"
  })
  void isNearTheExactProduct(WeightStorage storage, DataType type, double relativeError) {
    Method run = layer(storage, type);
    float[] x = numbers(ROWS * IN);
    Arrays.fill(x, IN, 2 * IN, 0);
    IntStream.range(2 * IN, 3 * IN).forEach(i -> x[i] *= 1000);
    float[] weight = numbers(OUT * IN);
    float[] bias = numbers(OUT);
    float[] exact = product(x, weight);
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      NativeTensor in = scope.floats(x, 2, ROWS / 2, IN);
      NativeWeights narrow = scope.weights(tensors(storage, type, weight, bias));
      List<float[]> results =
          loaded.run(scope, run, narrow, in).stream().map(NativeTensor::toFloats).toList();

      for (int row = 0; row < ROWS; row++) {
        float[] wanted = row(exact, row);
        assertThat(distance(row(results.get(1), row), wanted))
            .isLessThanOrEqualTo(relativeError * norm(wanted));
        IntStream.range(0, OUT).forEach(i -> wanted[i] += bias[i]);
        double allowed = relativeError * norm(wanted);
        assertThat(distance(row(results.get(0), row), wanted)).isLessThanOrEqualTo(allowed);
        assertThat(distance(row(results.get(2), row), wanted)).isLessThanOrEqualTo(allowed);
      }
    }
  }

  /** What makes a picture the same whatever it shares a batch with. */
  @ParameterizedTest
  @EnumSource(names = {"INT8_PRODUCTS", "FLOAT8_PRODUCTS"})
  void aRowDoesNotDependOnThoseBesideIt(WeightStorage storage) {
    Method run = layer(storage, BFLOAT16);
    float[] x = numbers(ROWS * IN);
    x[5 * IN] = 10000;
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      NativeWeights narrow =
          scope.weights(tensors(storage, BFLOAT16, numbers(OUT * IN), numbers(OUT)));
      float[] together =
          loaded.run(scope, run, narrow, scope.floats(x, 1, ROWS, IN)).get(0).toFloats();
      for (int row = 0; row < ROWS; row++) {
        NativeTensor alone =
            scope.floats(Arrays.copyOfRange(x, row * IN, (row + 1) * IN), 1, 1, IN);
        assertThat(loaded.run(scope, run, narrow, alone).get(0).toFloats())
            .containsExactly(row(together, row));
      }
    }
  }

  @Test
  void weightsThatAreNotInInt8AreMultipliedAsTheyAre() {
    Method run = layer(WeightStorage.INT8_PRODUCTS, FLOAT32);
    float[] x = numbers(ROWS * IN);
    float[] weight = numbers(OUT * IN);
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      NativeWeights asTheyAre =
          scope.weights(
              Map.of(
                  "proj.weight",
                  scope.floats(weight, OUT, IN),
                  "proj.bias",
                  scope.floats(new float[OUT], OUT)));
      float[] exact = product(x, weight);
      float[] actual =
          loaded.run(scope, run, asTheyAre, scope.floats(x, 2, 3, IN)).get(1).toFloats();
      assertThat(distance(actual, exact)).isLessThan(1e-5 * norm(exact));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8_PRODUCTS", "FLOAT8_PRODUCTS"})
  void lowRankTermsAreAddedExactly(WeightStorage storage) {
    Method run = layer(storage, FLOAT32);
    float[] x = numbers(IN);
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      Map<String, NativeTensor> tensors =
          tensors(storage, FLOAT32, new float[OUT * IN], new float[OUT]);
      float[] down = numbers(IN);
      float[] up = numbers(OUT);
      tensors.put("proj" + Method.LORA_A, scope.floats(down, 1, IN));
      tensors.put("proj" + Method.LORA_B, scope.floats(up, OUT, 1));
      float inner = product(x, down)[0];
      float[] wanted = new float[OUT];
      IntStream.range(0, OUT).forEach(i -> wanted[i] = inner * up[i]);
      List<NativeTensor> actual =
          loaded.run(scope, run, scope.weights(tensors), scope.floats(x, 1, 1, IN));
      for (NativeTensor each : actual) {
        assertThat(distance(each.toFloats(), wanted)).isLessThan(1e-5 * norm(wanted));
      }
    }
  }

  /**
   * A layer with its bias, without, and of what comes in two parts, (B, S, in) to (B, S, out) each.
   */
  private Method layer(WeightStorage storage, DataType type) {
    Method run = program.method("run");
    Weights w = run.adaptableWeights("w", type, storage);
    Tensor x = run.input("x", FLOAT32, B, S, Dim.of(IN)).to(type); // (B, S, in)
    Dim half = Dim.of(IN / 2);
    Tensor left = x.narrow(-1, Dim.of(0), half); // (B, S, in / 2)
    Tensor right = x.narrow(-1, half, half); // (B, S, in / 2)
    return run.returns(
        w.linear("proj", x, OUT).to(FLOAT32),
        w.linearWithoutBias("proj", x, OUT).to(FLOAT32),
        w.joinedLinear("proj", left, right, OUT).to(FLOAT32));
  }

  private Map<String, NativeTensor> tensors(
      WeightStorage storage, DataType type, float[] weight, float[] bias) {
    NativeTensor matrix = scope.floats(weight, OUT, IN);
    Map<String, NativeTensor> tensors = new HashMap<>(Map.of("proj.bias", cast(type, bias)));
    if (storage == WeightStorage.INT8_PRODUCTS) {
      try (PackedWeights matrices = new PackedWeights()) {
        PackedWeights.Int8 narrow = matrices.int8(scope, matrix);
        tensors.put("proj.weight", narrow.matrix());
        tensors.put("proj.weight" + Method.SCALE, narrow.scale());
      }
    } else {
      try (Float8Weights matrices = new Float8Weights(Device.cpu())) {
        Float8Weights.Narrow narrow = matrices.narrow(scope, matrix);
        tensors.put("proj.weight", narrow.matrix());
        tensors.put("proj.weight" + Method.SCALE, narrow.scales());
      }
    }
    return tensors;
  }

  /** Computing with DJL alone there is no bfloat16. */
  private NativeTensor cast(DataType type, float[] numbers) {
    if (type == FLOAT32) {
      return scope.floats(numbers, numbers.length);
    }
    Program casts = new Program("Casts");
    Method cast = casts.method("cast");
    cast.returns(cast.input("x", FLOAT32, B).to(type));
    try (LoadedProgram casting = LoadedProgram.load(casts, Device.cpu())) {
      return casting.run(scope, cast, scope.floats(numbers, numbers.length)).get(0);
    }
  }

  private float[] numbers(int count) {
    float[] numbers = new float[count];
    IntStream.range(0, count).forEach(i -> numbers[i] = (float) random.nextGaussian());
    return numbers;
  }

  /** x (rows, in) times the transposed weight (out, in). */
  private static float[] product(float[] x, float[] weight) {
    int rows = x.length / IN;
    int outs = weight.length / IN;
    float[] product = new float[rows * outs];
    for (int row = 0; row < rows; row++) {
      for (int out = 0; out < outs; out++) {
        double sum = 0;
        for (int i = 0; i < IN; i++) {
          sum += (double) x[row * IN + i] * weight[out * IN + i];
        }
        product[row * outs + out] = (float) sum;
      }
    }
    return product;
  }

  private static float[] row(float[] results, int row) {
    return Arrays.copyOfRange(results, row * OUT, (row + 1) * OUT);
  }

  private static double distance(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    return Math.sqrt(
        IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).map(d -> d * d).sum());
  }

  private static double norm(float[] a) {
    return distance(a, new float[a.length]);
  }
}
