package io.fluxspark.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdamWTest {
  private static final int A = 6;
  private static final int B = 3;
  private static final AdamW.Step HOW = new AdamW.Step(0.05, 0.9, 0.97, 0.1, 1.5, 0.8);

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

  /** Loshchilov and Hutter's algorithm 2 with a schedule of 1, on all numbers as one vector. */
  private static final class Expected {
    private final double[] weights;
    private final double[] m;
    private final double[] v;
    private final double[] average;

    Expected(double[] weights) {
      this.weights = weights.clone();
      this.m = new double[weights.length];
      this.v = new double[weights.length];
      this.average = weights.clone();
    }

    void step(double[] gradient, int t, double norm) {
      double cut = norm > HOW.maxGradNorm() ? HOW.maxGradNorm() / norm : 1;
      for (int i = 0; i < weights.length; i++) {
        double g = gradient[i] * cut;
        m[i] = HOW.beta1() * m[i] + (1 - HOW.beta1()) * g;
        v[i] = HOW.beta2() * v[i] + (1 - HOW.beta2()) * g * g;
        double mHat = m[i] / (1 - Math.pow(HOW.beta1(), t));
        double vHat = v[i] / (1 - Math.pow(HOW.beta2(), t));
        weights[i] -=
            HOW.learningRate() * (mHat / (Math.sqrt(vHat) + 1e-8) + HOW.weightDecay() * weights[i]);
        average[i] = HOW.emaDecay() * average[i] + (1 - HOW.emaDecay()) * weights[i];
      }
    }
  }

  private static double[] normal(double deviation, int seed) {
    Random random = new Random(seed);
    return DoubleStream.generate(() -> deviation * random.nextGaussian()).limit(A + B).toArray();
  }

  private static double norm(double[] numbers) {
    double squares = 0;
    for (double number : numbers) {
      squares += number * number;
    }
    return Math.sqrt(squares);
  }

  private Parameters parameters(double[] numbers) {
    float[] a = new float[A];
    float[] b = new float[B];
    for (int i = 0; i < A + B; i++) {
      if (i < A) {
        a[i] = (float) numbers[i];
      } else {
        b[i - A] = (float) numbers[i];
      }
    }
    Map<String, NativeTensor> tensors = new LinkedHashMap<>();
    tensors.put("b", scope.floats(b, B));
    tensors.put("a", scope.floats(a, 2, 3));
    return Parameters.copyOf(Device.cpu(), tensors);
  }

  private static void assertClose(String what, Parameters actual, double[] expected) {
    float[] a = actual.get("a").toFloats();
    float[] b = actual.get("b").toFloats();
    for (int i = 0; i < A + B; i++) {
      assertThat((double) (i < A ? a[i] : b[i - A]))
          .as(what + " " + i)
          .isCloseTo(expected[i], within(2e-6));
    }
  }

  /** The first gradient is longer than is allowed, the others are not. */
  @Test
  void threeStepsFollowTheFormula() {
    Expected expected = new Expected(normal(1, 1));
    try (Parameters weights = parameters(normal(1, 1));
        AdamW optimizer = new AdamW(weights)) {
      double[] deviations = {2, 0.2, 0.3};
      for (int t = 1; t <= 3; t++) {
        double[] numbers = normal(deviations[t - 1], 10 + t);
        assertThat(norm(numbers) > HOW.maxGradNorm()).isEqualTo(t == 1);
        expected.step(numbers, t, norm(numbers));
        try (Parameters gradient = parameters(numbers)) {
          double norm = optimizer.norm(gradient);
          assertThat(norm).isCloseTo(norm(numbers), within(1e-5));
          optimizer.step(gradient, t, HOW, norm);
          assertClose("gradient", gradient, new double[A + B]);
        }
        assertClose("weight", weights, expected.weights);
        assertClose("m", optimizer.m(), expected.m);
        assertClose("v", optimizer.v(), expected.v);
        assertClose("average", optimizer.average(), expected.average);
      }
    }
  }

  @Test
  void withoutMemoryTheAverageIsTheWeights() {
    AdamW.Step how = new AdamW.Step(0.05, 0.9, 0.97, 0.1, 1.5, 0);
    try (Parameters weights = parameters(normal(1, 1));
        Parameters gradient = parameters(normal(1, 2));
        AdamW optimizer = new AdamW(weights)) {
      optimizer.step(gradient, 1, how, optimizer.norm(gradient));

      for (String name : weights.names()) {
        assertThat(optimizer.average().get(name).toFloats())
            .isEqualTo(weights.get(name).toFloats());
      }
    }
  }

  @Test
  void gradientsOfTwoWorkersAddUp() {
    double[] first = normal(1, 3);
    double[] second = normal(1, 4);
    double[] sum = new double[A + B];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = first[i] + second[i];
    }
    try (Parameters weights = parameters(normal(1, 1));
        Parameters sums = parameters(first);
        Parameters others = parameters(second);
        AdamW optimizer = new AdamW(weights)) {
      optimizer.add(sums, others);

      assertClose("sum", sums, sum);
      assertClose("other", others, new double[A + B]);
      assertClose("weight", weights, normal(1, 1));
    }
  }

  @Test
  void copiesAreTheirOwnAndSetChangesInPlace() {
    try (Parameters weights = parameters(normal(1, 1));
        Parameters copy = weights.copy()) {
      assertThat(weights.elements()).isEqualTo(A + B);
      assertThat(copy.names()).containsExactly("b", "a");
      copy.set("b", scope.floats(new float[] {1, 2, 3}, B));

      assertThat(copy.get("b").toFloats()).containsExactly(1, 2, 3);
      assertClose("weight", weights, normal(1, 1));
      assertThatThrownBy(() -> copy.set("b", scope.floats(new float[] {1, 2}, 2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("b has shape (3), not (2)");
    }
  }
}
