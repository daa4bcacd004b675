package io.fluxspark.program;

import static io.fluxspark.program.DataType.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GradientTest {
  private static final Dim B = Dim.named("B");
  private static final Dim D = Dim.of(3);

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

  /** Two layers y = silu(x W^T + b) + x, and the sum of squares of a last layer without bias. */
  private static final class Net {
    private final Program program = new Program("Net");
    private final Method layer = layer(program.method("layer"));
    private final Method loss = loss(program.method("loss"), layer);
    private final Gradient gradient =
        program.gradient(loss, List.of(new Gradient.Stack("layers", "blocks.", 2)), "x");

    private static Method layer(Method m) {
      Weights w = m.weights("w", FLOAT32);
      Tensor x = m.input("x", FLOAT32, B, D);
      return m.returns(w.linear("proj", x, 3).silu().add(x));
    }

    private static Method loss(Method m, Method layer) {
      Weights w = m.weights("w", FLOAT32);
      Tensor x = m.input("x", FLOAT32, B, D);
      Tensor y = m.forEachLayer("layers", layer, List.of(x)).get(0);
      Tensor out = w.linearWithoutBias("out", y, 2);
      return m.returns(out.multiply(out).flatten(0, 1).sumLast());
    }
  }

  private Map<String, float[]> numbers() {
    Map<String, float[]> numbers = new TreeMap<>();
    numbers.put("blocks.0.proj.weight", filled(9, 1));
    numbers.put("blocks.0.proj.bias", filled(3, 2));
    numbers.put("blocks.1.proj.weight", filled(9, 3));
    numbers.put("blocks.1.proj.bias", filled(3, 4));
    numbers.put("out.weight", filled(6, 5));
    return numbers;
  }

  private static float[] filled(int count, int seed) {
    float[] numbers = new float[count];
    java.util.Random random = new java.util.Random(seed);
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private Map<String, NativeTensor> tensors(Map<String, float[]> numbers) {
    Map<String, NativeTensor> tensors = new TreeMap<>();
    numbers.forEach(
        (name, values) ->
            tensors.put(
                name,
                values.length == 3
                    ? scope.floats(values, 3)
                    : scope.floats(values, values.length / 3, 3)));
    return tensors;
  }

  @Test
  void agreesWithFiniteDifferences() {
    Net net = new Net();
    System.out.println(net.program.text());
    float[] x = filled(6, 6);
    try (LoadedProgram loaded = LoadedProgram.load(net.program, Device.cpu());
        Parameters weights = Parameters.copyOf(Device.cpu(), tensors(numbers()));
        Parameters sums = weights.zeros()) {
      NativeTensor one = scope.floats(new float[] {1}, 1);
      List<NativeTensor> results =
          loaded.run(
              scope,
              net.gradient,
              List.of(weights),
              sums,
              List.of(scope.floats(x, 2, 3)),
              List.of(scope.floats(new float[] {1})));
      System.out.println(results.get(0).toFloats()[0]);
      sums.tensors()
          .forEach((n, t) -> System.out.println(n + java.util.Arrays.toString(t.toFloats())));
      System.out.println(java.util.Arrays.toString(results.get(1).toFloats()));
      try (AdamW adam = new AdamW(weights)) {
        for (int i = 1; i < 200; i++) {
          double norm = adam.step(sums, i, new AdamW.Step(0.01, 0.9, 0.99, 0.01, 1, 0.9));
          try (TensorScope step = new TensorScope(Device.cpu())) {
            float loss =
                loaded
                    .run(
                        step,
                        net.gradient,
                        List.of(weights),
                        sums,
                        List.of(scope.floats(x, 2, 3)),
                        List.of(step.floats(new float[] {1})))
                    .get(0)
                    .toFloats()[0];
            if (i % 20 == 0) System.out.println(norm + " " + loss);
          }
        }
      }
    }
  }
}
