package io.fluxspark.program;

import static io.fluxspark.program.DataType.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A chain's gradients are those of the same methods in one. */
class ChainTest {
  private static final Dim B = Dim.named("B");
  private static final Dim D = Dim.of(3);
  private static final Offset<Float> ROUNDING = within(1e-5f);

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

  /** Two streams of two layers each and one of three, which all see c; joined by a sum. */
  private static final class Net {
    private final Program program = new Program("Net");
    private final Method start = start(program.method("start"));
    private final Method pair = pair(program.method("pair"));
    private final Method join = join(program.method("join"));
    private final Method single = single(program.method("single"));
    private final Method end = end(program.method("end"));
    private final Method whole = whole(program.method("whole"));
    private final List<Gradient.Stack> stacks =
        List.of(
            new Gradient.Stack("pairs", "pairs.", 2), new Gradient.Stack("singles", "singles.", 3));
    private final Gradient atOnce = program.gradient(whole, stacks, "y", "x");
    private final Gradient inSteps =
        program.gradient(
            new Chain("chain", FLOAT32)
                .call(start, List.of("a", "c"), "x")
                .forEachLayer(pair, stacks.get(0), List.of("a", "y"), "c")
                .call(join, List.of("z"), "a", "y")
                .forEachLayer(single, stacks.get(1), List.of("z"), "c")
                .call(end, List.of("out"), "z", "c"),
            "y",
            "x");

    private static Method start(Method m) {
      Weights w = m.weights("w", FLOAT32);
      Tensor x = m.input("x", FLOAT32, B, D);
      return m.returns(w.linear("in", x, 3), w.linear("condition", x, 3).silu());
    }

    private static Method pair(Method m) {
      Weights w = m.weights("w", FLOAT32);
      Tensor a = m.input("a", FLOAT32, B, D);
      Tensor y = m.input("y", FLOAT32, B, D);
      Tensor c = m.input("c", FLOAT32, B, D);
      return m.returns(
          a.add(w.linear("a", y.multiply(c), 3).silu()), y.add(w.linear("y", a, 3).silu()));
    }

    private static Method join(Method m) {
      return m.returns(m.input("a", FLOAT32, B, D).add(m.input("y", FLOAT32, B, D)));
    }

    private static Method single(Method m) {
      Weights w = m.weights("w", FLOAT32);
      Tensor z = m.input("z", FLOAT32, B, D);
      Tensor c = m.input("c", FLOAT32, B, D);
      return m.returns(z.add(w.linear("z", z, 3).silu().multiply(c)));
    }

    private static Method end(Method m) {
      Weights w = m.weights("w", FLOAT32);
      Tensor z = m.input("z", FLOAT32, B, D);
      Tensor c = m.input("c", FLOAT32, B, D);
      return m.returns(w.linear("out", z, 2).square().meanOfEach().add(c.meanOfEach()));
    }

    private Method whole(Method m) {
      Weights w = m.weights("w", FLOAT32);
      Tensor x = m.input("x", FLOAT32, B, D);
      Tensor y = m.input("y", FLOAT32, B, D);
      List<Tensor> started = m.call(start, w, x);
      Tensor c = started.get(1);
      List<Tensor> both = m.forEachLayer("pairs", pair, List.of(started.get(0), y), c);
      Tensor z = m.call(join, both.get(0), both.get(1)).get(0);
      z = m.forEachLayer("singles", single, List.of(z), c).get(0);
      return m.returns(m.call(end, w, z, c).get(0));
    }
  }

  private Map<String, NativeTensor> weights() {
    Map<String, NativeTensor> weights = new TreeMap<>();
    SplittableRandom random = new SplittableRandom(5);
    for (String layer :
        List.of(
            "in",
            "condition",
            "pairs.0.a",
            "pairs.0.y",
            "pairs.1.a",
            "pairs.1.y",
            "singles.0.z",
            "singles.1.z",
            "singles.2.z",
            "out")) {
      int rows = layer.equals("out") ? 2 : 3;
      weights.put(layer + ".weight", scope.floats(normal(random, 3 * rows), rows, 3));
      weights.put(layer + ".bias", scope.floats(normal(random, rows), rows));
    }
    return weights;
  }

  private static float[] normal(SplittableRandom random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  @Test
  void givesTheGradientsOfTheSameMethodsInOne() {
    Net net = new Net();
    Map<String, NativeTensor> all = weights();
    Map<String, NativeTensor> frozen = new TreeMap<>(all);
    Map<String, NativeTensor> trained = new TreeMap<>(all);
    List<String> isFrozen = List.of("pairs.1.a.weight", "in.bias");
    frozen.keySet().retainAll(isFrozen);
    trained.keySet().removeAll(isFrozen);
    SplittableRandom random = new SplittableRandom(6);
    Map<String, NativeTensor> inputs =
        Map.of(
            "x", scope.floats(normal(random, 12), 4, 3),
            "y", scope.floats(normal(random, 12), 4, 3));
    List<NativeTensor> given = List.of(scope.floats(new float[] {1, 2, 0.5f, -1}, 4));
    try (LoadedProgram loaded = LoadedProgram.load(net.program, Device.cpu());
        Parameters weights = Parameters.copyOf(Device.cpu(), trained);
        Parameters others = Parameters.copyOf(Device.cpu(), frozen);
        Parameters atOnce = weights.zeros();
        Parameters inSteps = weights.zeros()) {
      List<Parameters> both = List.of(weights, others);
      List<NativeTensor> wanted = loaded.run(scope, net.atOnce, both, atOnce, inputs, given);
      List<NativeTensor> results = loaded.run(scope, net.inSteps, both, inSteps, inputs, given);

      assertThat(results).hasSameSizeAs(wanted).hasSize(3);
      for (int i = 0; i < wanted.size(); i++) {
        assertThat(results.get(i).toFloats()).containsExactly(wanted.get(i).toFloats(), ROUNDING);
      }
      for (String name : weights.names()) {
        assertThat(atOnce.get(name).toFloats()).as(name).isNotEqualTo(new float[9]);
        assertThat(inSteps.get(name).toFloats())
            .as(name)
            .containsExactly(atOnce.get(name).toFloats(), ROUNDING);
      }
    }
  }
}
