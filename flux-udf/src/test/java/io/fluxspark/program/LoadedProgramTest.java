package io.fluxspark.program;

import static io.fluxspark.Failures.assertRefused;
import static io.fluxspark.program.DataType.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluxspark.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LoadedProgramTest {
  private static final Dim B = Dim.named("B");
  private static final Dim D = Dim.of(3);
  private static final Offset<Float> ROUNDING = within(1e-5f);
  private static final int THREADS = 4;

  private final long openBefore = TensorScope.openValues();
  private TensorScope scope;

  @BeforeEach
  void openScope() {
    scope = new TensorScope(Device.cpu());
  }

  @AfterEach
  void nothingStaysOpen() {
    scope.close();
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  /** y = x W^T + b + x for each layer, then the last layer's y and its double. */
  private static final class Layers {
    private final Program program = new Program("Layers");
    private final Method layer = layer(program.method("layer"));
    private final Method run = run(program.method("run"), layer);

    private static Method layer(Method m) {
      Weights w = m.weights("w", FLOAT32);
      Tensor x = m.input("x", FLOAT32, B, D);
      return m.returns(w.linear("proj", x, 3).add(x));
    }

    private static Method run(Method m, Method layer) {
      Tensor x = m.input("x", FLOAT32, B, D);
      Tensor y = m.forEachLayer("layers", layer, List.of(x)).get(0);
      return m.returns(y, y.multiply(2));
    }
  }

  @Test
  void computesWhatJavaComputes() {
    Layers layers = new Layers();
    float[] x = {1, -2, 3, 0.5f, 0, -1};
    float[] first = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    float[] second = {-1, 0, 0.5f, 2, 1, 0, 0, 3, -2};
    float[] bias = {0.25f, -0.5f, 1};
    try (LoadedProgram loaded = LoadedProgram.load(layers.program, Device.cpu())) {
      NativeLayers weights = scope.layers(List.of(weights(first, bias), weights(second, bias)));
      List<NativeTensor> results = loaded.run(scope, layers.run, scope.floats(x, 2, 3), weights);

      float[] expected = layer(layer(x, first, bias), second, bias);
      assertThat(results).hasSize(2);
      assertThat(results.get(0).shape()).containsExactly(2, 3);
      assertThat(results.get(0).toFloats()).containsExactly(expected, ROUNDING);
      assertThat(results.get(1).toFloats()).containsExactly(twice(expected), ROUNDING);

      NativeWeights alone = weights(first, bias);
      assertThat(loaded.run(scope, layers.layer, alone, scope.floats(x, 2, 3)).get(0).toFloats())
          .containsExactly(layer(x, first, bias), ROUNDING);
    }
  }

  @Test
  void layersThatMultiplyInFloat8TakeOtherWeightsAsTheyAre() {
    Program program = new Program("Products");
    Method method = program.method("m");
    Weights w = method.adaptableWeights("w", FLOAT32, WeightStorage.FLOAT8_PRODUCTS);
    Tensor x = method.input("x", FLOAT32, B, D);
    method.returns(w.linear("proj", x, 3).add(x));
    float[] rows = {1, -2, 3, 0, 0, 0};
    float[] weight = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    float[] bias = {0.25f, -0.5f, 1};
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      assertThat(
              loaded
                  .run(scope, method, weights(weight, bias), scope.floats(rows, 2, 3))
                  .get(0)
                  .toFloats())
          .containsExactly(layer(rows, weight, bias), ROUNDING);
    }
  }

  @Test
  void takesSizes() {
    Program program = new Program("Sizes");
    Method row = program.method("row");
    Tensor x = row.input("x", FLOAT32, B, D);
    row.returns(x.narrow(0, row.size("index"), Dim.of(1)));
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      NativeTensor two = scope.floats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      assertThat(loaded.run(scope, row, two, new Argument.Size(1)).get(0).toFloats())
          .containsExactly(4, 5, 6);
    }
  }

  @Test
  void aRowsNormalNumbersFollowFromItsSeedAlone() {
    Program program = new Program("Noise");
    Method noise = program.method("noise");
    noise.returns(
        noise.normal(noise.seeds("seeds", B), Dim.of(1), Dim.of(2), noise.size("columns")));
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      NativeTensor both = noise(loaded, noise, 7, -1);
      assertThat(both.shape()).containsExactly(2, 1, 2, 50);
      float[] numbers = both.toFloats();
      assertThat(noise(loaded, noise, 7).toFloats()).isEqualTo(Arrays.copyOf(numbers, 100));
      assertThat(noise(loaded, noise, -1).toFloats())
          .isEqualTo(Arrays.copyOfRange(numbers, 100, 200))
          .isNotEqualTo(Arrays.copyOf(numbers, 100));
      assertThat(noise(loaded, noise, 3, 7, -1).toFloats()).endsWith(numbers);
    }
  }

  private NativeTensor noise(LoadedProgram loaded, Method noise, long... seeds) {
    return loaded.run(scope, noise, Argument.seeds(seeds), new Argument.Size(50)).get(0);
  }

  @Test
  void severalThreadsRunItAtOnce() throws Exception {
    Layers layers = new Layers();
    float[] weight = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    float[] bias = {1, 2, 3};
    CyclicBarrier together = new CyclicBarrier(THREADS);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (LoadedProgram loaded = LoadedProgram.load(layers.program, Device.cpu())) {
      NativeLayers shared = scope.layers(List.of(weights(weight, bias)));
      List<Future<float[]>> made = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        float[] x = {i, 1, -i};
        made.add(
            threads.submit(
                () -> {
                  together.await(1, TimeUnit.MINUTES);
                  float[] last = {};
                  for (int round = 0; round < 50; round++) {
                    try (TensorScope own = new TensorScope(Device.cpu())) {
                      NativeTensor input = own.floats(x, 1, 3);
                      last = loaded.run(own, layers.run, input, shared).get(0).toFloats();
                    }
                  }
                  return last;
                }));
      }
      for (int i = 0; i < THREADS; i++) {
        assertThat(made.get(i).get(1, TimeUnit.MINUTES))
            .containsExactly(layer(new float[] {i, 1, -i}, weight, bias), ROUNDING);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aProgramThatPyTorchRefusesIsOurFault() {
    assertRefused(ErrorCode.INTERNAL, () -> load("return torch.no_such_operator(x)"))
        .startsWith("program Bad: ")
        .contains("no_such_operator");
    assertRefused(ErrorCode.INTERNAL, () -> load("return (")).startsWith("program Bad: ");
  }

  @Test
  void aProgramThatIsNotFinishedIsOurFault() {
    Program program = new Program("Open");
    program.method("m");
    assertRefused(ErrorCode.INTERNAL, () -> LoadedProgram.load(program, Device.cpu()))
        .isEqualTo("program Open: method m does not return");
  }

  @Test
  void aFailureWhileItRunsIsOurFault() {
    try (LoadedProgram bad = load("return torch.view(x, [5])")) {
      assertRefused(ErrorCode.INTERNAL, () -> call(bad))
          .startsWith("program Bad.m: ")
          .contains("shape '[5]' is invalid for input of size 3");
    }
  }

  @Test
  void argumentsThatDoNotFitAreOurFault() {
    Layers layers = new Layers();
    try (LoadedProgram loaded = LoadedProgram.load(layers.program, Device.cpu())) {
      NativeTensor wide = scope.floats(new float[8], 2, 4);
      NativeLayers weights = scope.layers(List.of(weights(new float[9], new float[3])));
      assertRefused(ErrorCode.INTERNAL, () -> loaded.run(scope, layers.run, wide, weights))
          .startsWith("program Layers.run: ");
      assertRefused(ErrorCode.INTERNAL, () -> loaded.run(scope, layers.run, wide, wide))
          .startsWith("program Layers.run: ");
      assertRefused(ErrorCode.INTERNAL, () -> loaded.run(scope, layers.run, wide))
          .startsWith("program Layers.run: ");
    }
  }

  @Test
  void whatCannotBeAllocatedIsOutOfMemory() {
    long bytes = 1L << 55;
    try (LoadedProgram bad = load("return torch.zeros([" + bytes + "], dtype=0)")) {
      assertRefused(ErrorCode.OUT_OF_MEMORY, () -> call(bad))
          .startsWith("program Bad.m: ")
          .contains(Long.toString(bytes));
    }
  }

  @Test
  void whatWasFreedCannotBeUsed() {
    Layers layers = new Layers();
    try (LoadedProgram loaded = LoadedProgram.load(layers.program, Device.cpu())) {
      NativeLayers weights = scope.layers(List.of(weights(new float[9], new float[3])));
      NativeTensor x = scope.floats(new float[3], 1, 3);
      scope.free(x);
      assertRefused(ErrorCode.INTERNAL, () -> loaded.run(scope, layers.run, x, weights))
          .startsWith("program Layers.run: ");
    }
  }

  @Test
  void resultsBelongToTheScope() {
    try (LoadedProgram same = load("return torch.neg(x)");
        TensorScope results = new TensorScope(Device.cpu())) {
      NativeTensor x = scope.floats(new float[] {1, 2, 3}, 3);
      long before = TensorScope.openValues();
      NativeTensor result = same.call(results, "m", x.value());
      assertThat(TensorScope.openValues()).isEqualTo(before + 1);
      scope.free(x);
      assertThat(result.toFloats()).containsExactly(-1, -2, -3);
      results.close();
      assertThat(TensorScope.openValues()).isEqualTo(before - 1);
    }
  }

  private static LoadedProgram load(String line) {
    String method = "  def m(self: __torch__.Bad, x: Tensor) -> Tensor:\n    " + line + "\n";
    return LoadedProgram.load(new Program("Bad", method), Device.cpu());
  }

  private NativeTensor call(LoadedProgram program) {
    return program.call(scope, "m", scope.floats(new float[3], 3).value());
  }

  private NativeWeights weights(float[] weight, float[] bias) {
    return scope.weights(
        Map.of("proj.weight", scope.floats(weight, 3, 3), "proj.bias", scope.floats(bias, 3)));
  }

  private static float[] layer(float[] x, float[] weight, float[] bias) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      int column = i % 3;
      y[i] = x[i] + bias[column];
      for (int k = 0; k < 3; k++) {
        y[i] += x[i - column + k] * weight[3 * column + k];
      }
    }
    return y;
  }

  private static float[] twice(float[] x) {
    float[] y = x.clone();
    for (int i = 0; i < y.length; i++) {
      y[i] *= 2;
    }
    return y;
  }
}
