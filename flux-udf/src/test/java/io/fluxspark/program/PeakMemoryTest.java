package io.fluxspark.program;

import static io.fluxspark.program.DataType.BFLOAT16;
import static io.fluxspark.program.DataType.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PeakMemoryTest {
  private static final Dim B = Dim.named("B");
  private static final Dim D = Dim.of(10);

  /** Bytes of a float32 tensor of (3, 10). */
  private static final long ONE = 3 * 10 * 4;

  private final Program program = new Program("P");

  private static long peak(Method method) {
    return PeakMemory.of(method, Map.of("B", 3L));
  }

  @Test
  void whatCallersGiveIsThereAllTheTime() {
    Method m = program.method("m");
    Tensor x = m.input("x", FLOAT32, B, D);
    m.returns(x.exp());

    assertThat(peak(m)).isEqualTo(2 * ONE);
  }

  @Test
  void aValueIsFreedAfterItsLastUse() {
    Method m = program.method("m");
    Tensor x = m.input("x", FLOAT32, B, D);
    m.returns(x.exp().sin().cos().abs());

    assertThat(peak(m)).as("x, what is read, what is written").isEqualTo(3 * ONE);
  }

  @Test
  void aValueThatIsUsedLaterStays() {
    Method m = program.method("m");
    Tensor x = m.input("x", FLOAT32, B, D);
    Tensor first = x.exp();
    m.returns(first.sin().cos().add(first));

    assertThat(peak(m)).isEqualTo(4 * ONE);
  }

  @Test
  void viewsShareMemoryAndTypesCount() {
    Method m = program.method("m");
    Tensor x = m.input("x", FLOAT32, B, D);
    Tensor half = x.to(BFLOAT16);
    Tensor view = half.unflatten(-1, 2, 5).transpose(1, 2).flatten(1, 2).narrow(0, Dim.of(0), B);
    m.returns(view.exp());

    assertThat(peak(m)).isEqualTo(ONE + ONE / 2 + ONE / 2);
  }

  @Test
  void aCalleeGivesUpWhatItsCallerDoesNotUse() {
    Method callee = program.method("callee");
    Tensor y = callee.input("y", FLOAT32, B, D);
    callee.returns(y.exp().sin());
    Method m = program.method("m");
    Tensor x = m.input("x", FLOAT32, B, D);
    m.returns(m.call(callee, x.cos()).get(0));
    Method keeping = program.method("keeping");
    Tensor z = keeping.input("x", FLOAT32, B, D);
    Tensor kept = z.cos();
    keeping.returns(keeping.call(callee, kept).get(0).add(kept));

    assertThat(peak(m)).isEqualTo(3 * ONE);
    assertThat(peak(keeping)).isEqualTo(4 * ONE);
  }

  @Test
  void layersDoNotAddUp() {
    Method layer = program.method("layer");
    Weights w = layer.weights("w", FLOAT32);
    Tensor y = layer.input("y", FLOAT32, B, D);
    layer.returns(y.add(w.linear("l", y, 10)));
    Method m = program.method("m");
    Tensor x = m.input("x", FLOAT32, B, D);
    m.returns(m.forEachLayer("layers", layer, List.of(x.exp())).get(0));

    assertThat(peak(m)).as("x, a layer's input, its product, their sum").isEqualTo(4 * ONE);
  }

  @Test
  void whatLayersGaveIsThereTwiceWhileItIsStacked() {
    Method layer = program.method("layer");
    Weights w = layer.weights("w", FLOAT32);
    Tensor y = layer.input("y", FLOAT32, B, D);
    layer.returns(w.linear("l", y, 10));
    Method m = program.method("m");
    Tensor x = m.input("x", FLOAT32, B, D);
    m.returns(m.ofEachLayer("layers", 5, layer, x));

    assertThat(peak(m)).isEqualTo(ONE + 5 * ONE + 5 * ONE);
  }

  @Test
  void aWeightThatIsBroughtIsThereWhileItIsUsed() {
    Method m = program.method("m");
    Weights w = m.weights("w", FLOAT32);
    Tensor x = m.input("x", FLOAT32, B, D);
    m.returns(w.beside(x).linear("l", x, 10));

    assertThat(peak(m)).isEqualTo(2 * ONE);
    assertThat(PeakMemory.ofBringing(m, Map.of("B", 3L))).isEqualTo(2 * ONE + 10 * 10 * 4 + 10 * 4);
  }

  @Test
  void sizesMustBeKnown() {
    Method m = program.method("m");
    m.returns(m.input("x", FLOAT32, B, D).exp());

    assertThatThrownBy(() -> PeakMemory.of(m, Map.of()))
        .hasMessage("it is not said what the size B is");
  }
}
