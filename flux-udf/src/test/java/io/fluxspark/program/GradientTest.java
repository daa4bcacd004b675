package io.fluxspark.program;

import static io.fluxspark.program.DataType.BFLOAT16;
import static io.fluxspark.program.DataType.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GradientTest {
  private static final int D = 3;
  private static final int OUT = 2;
  private static final int ROWS = 2;
  private static final int RANK = 1;
  private static final double FACTOR = 1.75;
  private static final float[] COUNTS = {1, -0.5f};

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

  /** Two layers y = silu(x W^T + b) + x, and of each row the squares of a last layer, summed up. */
  private record Net(Program program, Gradient gradient) {
    private static final Gradient.Stack STACK = new Gradient.Stack("layers", "blocks.", 2);

    static Net of(DataType type) {
      Program program = new Program("Net");
      program.multiplyLowRank(FACTOR);
      Method layer = layer(program.method("layer"), type);
      Method end = end(program.method("end"), type);
      Method m = program.method("loss");
      Weights w = m.adaptableWeights("w", type);
      Tensor x = m.input("x", FLOAT32, Dim.named("B"), Dim.of(D)); // (B, D)
      Tensor y = m.forEachLayer("layers", layer, List.of(x.to(type))).get(0); // (B, D)
      Method loss = m.returns(m.call(end, w, y).get(0)); // (B)
      return new Net(program, program.gradient(loss, List.of(STACK), "x"));
    }

    /** The same as a chain. */
    static Net checkpointed(DataType type) {
      Program program = new Program("Net");
      program.multiplyLowRank(FACTOR);
      Method start = program.method("start");
      start.returns(start.input("x", FLOAT32, Dim.named("B"), Dim.of(D)).to(type)); // (B, D)
      Chain chain =
          new Chain("loss", type)
              .call(start, List.of("y"), "x")
              .forEachLayer(layer(program.method("layer"), type), STACK, List.of("y"))
              .call(end(program.method("end"), type), List.of("squares"), "y");
      return new Net(program, program.gradient(chain, "x"));
    }

    private static Method layer(Method m, DataType type) {
      Weights w = m.adaptableWeights("w", type);
      Tensor x = m.input("x", type, Dim.named("B"), Dim.of(D)); // (B, D)
      return m.returns(w.linear("proj", x, D).silu().add(x)); // (B, D)
    }

    private static Method end(Method m, DataType type) {
      Weights w = m.adaptableWeights("w", type);
      Tensor y = m.input("y", type, Dim.named("B"), Dim.of(D)); // (B, D)
      Tensor out = w.linearWithoutBias("out", y, OUT).to(FLOAT32); // (B, 2)
      return m.returns(out.square().sumLast()); // (B)
    }
  }

  static List<Net> float32() {
    return List.of(Net.of(FLOAT32), Net.checkpointed(FLOAT32));
  }

  static List<Net> bfloat16() {
    return List.of(Net.of(BFLOAT16), Net.checkpointed(BFLOAT16));
  }

  /** The same in float64: the losses of the rows, each counted by {@link #COUNTS}. */
  private static double loss(Map<String, double[]> w, double[] x) {
    double loss = 0;
    for (int row = 0; row < x.length / D; row++) {
      double[] y = Arrays.copyOfRange(x, row * D, (row + 1) * D);
      for (int layer = 0; layer < 2; layer++) {
        double[] z = linear(w, "blocks." + layer + ".proj", y, D);
        for (int i = 0; i < D; i++) {
          y[i] += z[i] / (1 + Math.exp(-z[i]));
        }
      }
      for (double out : linear(w, "out", y, OUT)) {
        loss += COUNTS[row] * out * out;
      }
    }
    return loss;
  }

  private static double[] linear(Map<String, double[]> w, String name, double[] x, int out) {
    double[] y = times(w.get(name + ".weight"), x, out);
    double[] bias = w.get(name + ".bias");
    for (int i = 0; bias != null && i < out; i++) {
      y[i] += bias[i];
    }
    if (w.containsKey(name + Method.LORA_A)) {
      double[] added =
          times(w.get(name + Method.LORA_B), times(w.get(name + Method.LORA_A), x, RANK), out);
      for (int i = 0; i < out; i++) {
        y[i] += FACTOR * added[i];
      }
    }
    return y;
  }

  private static double[] times(double[] matrix, double[] x, int out) {
    double[] y = new double[out];
    for (int i = 0; i < out; i++) {
      for (int k = 0; k < x.length; k++) {
        y[i] += matrix[i * x.length + k] * x[k];
      }
    }
    return y;
  }

  /** Central differences of {@link #loss} by the numbers of one weight. */
  private static double[] differences(Map<String, double[]> w, String name, double[] x) {
    double[] numbers = w.get(name);
    double[] gradient = new double[numbers.length];
    double step = 1e-5;
    for (int i = 0; i < numbers.length; i++) {
      double before = numbers[i];
      numbers[i] = before + step;
      double above = loss(w, x);
      numbers[i] = before - step;
      double below = loss(w, x);
      numbers[i] = before;
      gradient[i] = (above - below) / (2 * step);
    }
    return gradient;
  }

  private static Map<String, double[]> weights() {
    Map<String, double[]> weights = new TreeMap<>();
    weights.put("blocks.0.proj.weight", normal(D * D, 1));
    weights.put("blocks.0.proj.bias", normal(D, 2));
    weights.put("blocks.1.proj.weight", normal(D * D, 3));
    weights.put("blocks.1.proj.bias", normal(D, 4));
    weights.put("out.weight", normal(OUT * D, 5));
    return weights;
  }

  private static Map<String, double[]> lowRank() {
    Map<String, double[]> weights = new TreeMap<>();
    weights.put("blocks.1.proj" + Method.LORA_A, normal(RANK * D, 7));
    weights.put("blocks.1.proj" + Method.LORA_B, normal(D * RANK, 8));
    weights.put("out" + Method.LORA_A, normal(RANK * D, 9));
    weights.put("out" + Method.LORA_B, normal(OUT * RANK, 10));
    return weights;
  }

  /** Numbers that bfloat16 has, so that only what is computed is rounded. */
  private static double[] normal(int count, int seed) {
    Random random = new Random(seed);
    double[] numbers = new double[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = Math.rint(64 * random.nextGaussian()) / 64;
    }
    return numbers;
  }

  private static double[] x() {
    return normal(ROWS * D, 6);
  }

  private static float[] floats(double[] numbers) {
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return floats;
  }

  private Parameters parameters(Map<String, double[]> numbers) {
    Map<String, NativeTensor> tensors = new TreeMap<>();
    numbers.forEach((name, values) -> tensors.put(name, tensor(name, floats(values))));
    return Parameters.copyOf(Device.cpu(), tensors);
  }

  private NativeTensor tensor(String name, float[] values) {
    if (name.endsWith(".bias")) {
      return scope.floats(values, values.length);
    }
    int columns = name.endsWith(Method.LORA_B) ? RANK : D;
    return scope.floats(values, values.length / columns, columns);
  }

  private static List<NativeTensor> run(
      TensorScope owner,
      LoadedProgram loaded,
      Net net,
      List<Parameters> weights,
      Parameters sums,
      double[] x) {
    return loaded.run(
        owner,
        net.gradient(),
        weights,
        sums,
        Map.of("x", owner.floats(floats(x), ROWS, D)),
        List.of(owner.floats(COUNTS, ROWS)));
  }

  private static void assertClose(String what, float[] actual, double[] expected, double part) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(actual).as(what).hasSize(expected.length);
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as(what + " " + i)
          .isCloseTo(expected[i], within(part * largest));
    }
  }

  @ParameterizedTest
  @MethodSource("float32")
  void gradientsAreThoseOfFiniteDifferences(Net net) {
    Map<String, double[]> numbers = weights();
    try (LoadedProgram loaded = LoadedProgram.load(net.program(), Device.cpu());
        Parameters weights = parameters(numbers);
        Parameters sums = weights.zeros()) {
      List<NativeTensor> results = run(scope, loaded, net, List.of(weights), sums, x());

      float[] losses = results.get(0).toFloats();
      assertThat((double) COUNTS[0] * losses[0] + COUNTS[1] * losses[1])
          .isCloseTo(loss(numbers, x()), within(1e-4));
      for (String name : numbers.keySet()) {
        assertClose(name, sums.get(name).toFloats(), differences(numbers, name, x()), 1e-5);
      }
      double[] x = x();
      Map<String, double[]> withX = new TreeMap<>(numbers);
      withX.put("x", x);
      assertClose("x", results.get(1).toFloats(), differences(withX, "x", x), 1e-5);
    }
  }

  @ParameterizedTest
  @MethodSource("float32")
  void gradientsOfTwoCallsAddUp(Net net) {
    double[] other = normal(ROWS * D, 11);
    Map<String, double[]> numbers = weights();
    try (LoadedProgram loaded = LoadedProgram.load(net.program(), Device.cpu());
        Parameters weights = parameters(numbers);
        Parameters sums = weights.zeros()) {
      run(scope, loaded, net, List.of(weights), sums, x());
      run(scope, loaded, net, List.of(weights), sums, other);

      for (String name : numbers.keySet()) {
        double[] expected = differences(numbers, name, x());
        double[] second = differences(numbers, name, other);
        for (int i = 0; i < expected.length; i++) {
          expected[i] += second[i];
        }
        assertClose(name, sums.get(name).toFloats(), expected, 1e-5);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("float32")
  void aWeightWithoutASumIsFrozen(Net net) {
    Map<String, double[]> numbers = weights();
    Map<String, double[]> trained = new TreeMap<>(Map.of("out.weight", numbers.get("out.weight")));
    Map<String, double[]> frozen = new TreeMap<>(numbers);
    frozen.remove("out.weight");
    try (LoadedProgram loaded = LoadedProgram.load(net.program(), Device.cpu());
        Parameters own = parameters(trained);
        Parameters others = parameters(frozen);
        Parameters sums = own.zeros()) {
      run(scope, loaded, net, List.of(others, own), sums, x());

      assertThat(sums.names()).containsExactly("out.weight");
      assertClose(
          "out.weight",
          sums.get("out.weight").toFloats(),
          differences(numbers, "out.weight", x()),
          1e-5);
      assertThat(others.get("blocks.0.proj.bias").toFloats())
          .isEqualTo(floats(numbers.get("blocks.0.proj.bias")));
    }
  }

  @ParameterizedTest
  @MethodSource("float32")
  void aWeightThatHasNoEffectHasNoGradient(Net net) {
    Map<String, double[]> numbers = weights();
    numbers.put("elsewhere.bias", normal(D, 12));
    try (LoadedProgram loaded = LoadedProgram.load(net.program(), Device.cpu());
        Parameters weights = parameters(numbers);
        Parameters sums = weights.zeros()) {
      run(scope, loaded, net, List.of(weights), sums, x());

      assertThat(sums.get("elsewhere.bias").toFloats()).containsOnly(0);
      assertThat(sums.get("out.weight").toFloats()).doesNotContain(0);
    }
  }

  @ParameterizedTest
  @MethodSource("float32")
  void lowRankFactorsLearnBesideFrozenLayers(Net net) {
    Map<String, double[]> all = weights();
    all.putAll(lowRank());
    try (LoadedProgram loaded = LoadedProgram.load(net.program(), Device.cpu());
        Parameters frozen = parameters(weights());
        Parameters trained = parameters(lowRank());
        Parameters sums = trained.zeros()) {
      run(scope, loaded, net, List.of(frozen, trained), sums, x());

      for (String name : lowRank().keySet()) {
        assertClose(name, sums.get(name).toFloats(), differences(all, name, x()), 1e-5);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("bfloat16")
  void bfloat16GivesAboutTheGradientsOfFloat32AsFloat32(Net net) {
    Map<String, double[]> numbers = weights();
    try (LoadedProgram loaded = LoadedProgram.load(net.program(), Device.cpu());
        Parameters weights = parameters(numbers);
        Parameters sums = weights.zeros()) {
      run(scope, loaded, net, List.of(weights), sums, x());

      for (String name : numbers.keySet()) {
        double[] exact = differences(numbers, name, x());
        float[] rough = sums.get(name).toFloats();
        assertClose(name, rough, exact, 0.03);
        assertThat(rough).as(name).isNotEqualTo(floats(exact));
      }
    }
  }

  @Test
  void threadsWithSumsOfTheirOwnDoNotMeet() throws Exception {
    Net net = Net.of(FLOAT32);
    int threads = 4;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    List<Parameters> sums = new ArrayList<>();
    try (LoadedProgram loaded = LoadedProgram.load(net.program(), Device.cpu());
        Parameters weights = parameters(weights())) {
      List<Future<?>> futures = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        Parameters own = weights.zeros();
        sums.add(own);
        double[] x = normal(ROWS * D, 20 + t);
        futures.add(
            executor.submit(
                () -> {
                  try (TensorScope temporary = new TensorScope(Device.cpu())) {
                    for (int i = 0; i < 50; i++) {
                      run(temporary, loaded, net, List.of(weights), own, x);
                    }
                  }
                }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
      for (int t = 0; t < threads; t++) {
        for (String name : weights.names()) {
          double[] expected = differences(weights(), name, normal(ROWS * D, 20 + t));
          for (int i = 0; i < expected.length; i++) {
            expected[i] *= 50;
          }
          assertClose(name + " of " + t, sums.get(t).get(name).toFloats(), expected, 2e-5);
        }
      }
    } finally {
      executor.shutdown();
      sums.forEach(Parameters::close);
    }
  }

  @Test
  void whatIsNoInputIsNotDerivedBy() {
    Program program = new Program("Net");
    Method layer = Net.layer(program.method("layer"), FLOAT32);

    assertThatThrownBy(() -> program.gradient(layer, List.of(), "y"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("layer: there is no input y to derive by");
  }

  @Test
  void eachResultHasAGradient() {
    Net net = Net.of(FLOAT32);
    try (LoadedProgram loaded = LoadedProgram.load(net.program(), Device.cpu());
        Parameters weights = parameters(weights());
        Parameters sums = weights.zeros()) {
      Map<String, NativeTensor> inputs = Map.of("x", scope.floats(floats(x()), ROWS, D));
      assertThatThrownBy(
              () -> loaded.run(scope, net.gradient(), List.of(weights), sums, inputs, List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("[gradient_0] are wanted, given are 0");
    }
  }
}
