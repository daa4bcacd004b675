package io.fluxspark.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TensorScopeTest {
  private final long openBefore = TensorScope.openValues();

  @Test
  void tensorsHoldWhatTheyWereMadeOf() {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      float[] elements = {1, 2, 3, 4, 5, 6};
      NativeTensor floats = scope.floats(elements, 2, 3);
      elements[0] = 100;
      assertThat(floats.shape()).containsExactly(2, 3);
      assertThat(floats.toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(floats.device()).isEqualTo(Device.cpu());

      NativeTensor longs = scope.longs(new long[] {Long.MIN_VALUE, Long.MAX_VALUE}, 2);
      assertThat(longs.toLongs()).containsExactly(Long.MIN_VALUE, Long.MAX_VALUE);
      assertThat(scope.floats(new float[] {7}).shape()).as("a number has no axes").isEmpty();
    }
  }

  @Test
  void elementsThatDoNotFillTheShapeAreRefused() {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      assertThatThrownBy(() -> scope.floats(new float[5], 2, 3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("5 elements do not fill the shape [2, 3]");
      assertThatThrownBy(() -> scope.longs(new long[7], 2, 3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("7 elements do not fill the shape [2, 3]");
    }
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  @Test
  void countsWhatIsOpenUntilItIsClosed() {
    try (TensorScope outer = new TensorScope(Device.cpu())) {
      outer.floats(new float[1], 1);
      try (TensorScope inner = new TensorScope(Device.cpu())) {
        inner.floats(new float[1], 1);
        inner.longs(new long[1], 1);
        assertThat(TensorScope.openValues()).isEqualTo(openBefore + 3);
      }
      assertThat(TensorScope.openValues()).isEqualTo(openBefore + 1);
      outer.close();
      assertThat(TensorScope.openValues()).isEqualTo(openBefore);
    }
    assertThat(TensorScope.openValues()).as("closed twice").isEqualTo(openBefore);
  }

  @Test
  void freesWhateverWasThrownBetween() {
    assertThatThrownBy(
            () -> {
              try (TensorScope scope = new TensorScope(Device.cpu())) {
                scope.floats(new float[1], 1);
                throw new IllegalStateException("between");
              }
            })
        .hasMessage("between");
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  @Test
  void oneTensorCanBeFreedBeforeTheOthers() {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      NativeTensor first = scope.floats(new float[] {1}, 1);
      NativeTensor second = scope.floats(new float[] {2}, 1);
      scope.free(first);
      assertThat(TensorScope.openValues()).isEqualTo(openBefore + 1);
      assertThatThrownBy(first::toFloats).isInstanceOf(IllegalStateException.class);
      assertThat(second.toFloats()).containsExactly(2);
      assertThatThrownBy(() -> scope.free(first)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  @Test
  void aTensorOfAnotherScopeIsNotFreed() {
    try (TensorScope owner = new TensorScope(Device.cpu());
        TensorScope other = new TensorScope(Device.cpu())) {
      NativeTensor tensor = owner.floats(new float[] {5}, 1);
      assertThatThrownBy(() -> other.free(tensor))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the tensor belongs to another scope");
      assertThat(tensor.toFloats()).containsExactly(5);
      assertThat(TensorScope.openValues()).isEqualTo(openBefore + 1);
    }
  }

  @Test
  void weightsKeepTheMemoryOfTensorsThatAreClosed() {
    Program program = new Program("Scale");
    Method scale = program.method("scale");
    Weights w = scale.weights("w", DataType.FLOAT32);
    Tensor x = scale.input("x", DataType.FLOAT32, Dim.of(2));
    scale.returns(x.multiply(w.get("factor", 2)));
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu());
        TensorScope weights = new TensorScope(Device.cpu())) {
      NativeWeights factors;
      try (TensorScope tensors = new TensorScope(Device.cpu())) {
        NativeTensor factor = tensors.floats(new float[] {2, 3}, 2);
        factors = weights.weights(Map.of("factor", factor));
      }
      assertThat(TensorScope.openValues()).isEqualTo(openBefore + 1);
      NativeTensor ones = weights.floats(new float[] {1, 10}, 2);
      assertThat(loaded.run(weights, scale, factors, ones).get(0).toFloats())
          .containsExactly(2, 30);
    }
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }
}
