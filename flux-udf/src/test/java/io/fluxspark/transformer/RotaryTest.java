package io.fluxspark.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.GoldenTensors;
import io.fluxspark.program.Device;
import io.fluxspark.program.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RotaryTest {
  private static final List<Integer> AXES = List.of(8, 12, 12);
  private static final int PAIRS = 16;

  @ParameterizedTest
  @CsvSource({
    "dev/cases/one, 4, 6, 0, 0",
    "dev/cases/two, 5, 3, 0, 0",
    "schnell/cases/one, 4, 4, 0, 0",
    "kontext/cases/edit, 4, 6, 3, 4"
  })
  void anglesAreThoseOfDiffusersPositions(
      String caseName, int rows, int columns, int inputRows, int inputColumns) {
    List<Rotary.Grid> grids = new ArrayList<>(List.of(new Rotary.Grid(0, rows, columns)));
    if (inputRows > 0) {
      grids.add(new Rotary.Grid(1, inputRows, inputColumns));
    }
    try (GoldenTensors golden = new GoldenTensors(caseName);
        TensorScope scope = new TensorScope(Device.cpu())) {
      float[] text = golden.floats("txt_ids"); // (L, 3)
      float[] image = golden.floats("img_ids"); // (S, 3)

      Rotary rotary = Rotary.of(scope, AXES, text.length / 3, grids);

      float[] pe = rotary.pe().toFloats(); // (L + S, d/2, 2)
      assertThat(pe).hasSize((text.length + image.length) / 3 * PAIRS * 2);
      for (int i = 0; i < pe.length / 2; i++) {
        int token = i / PAIRS;
        int pair = i % PAIRS;
        int axis = pair < 4 ? 0 : pair < 10 ? 1 : 2;
        int first = axis == 0 ? 0 : axis == 1 ? 4 : 10;
        int at = 3 * token + axis;
        double position = at < text.length ? text[at] : image[at - text.length];
        double angle = position / Math.pow(10000, 2.0 * (pair - first) / AXES.get(axis));
        assertThat(pe[2 * i]).isEqualTo((float) Math.cos(angle));
        assertThat(pe[2 * i + 1]).isEqualTo((float) Math.sin(angle));
      }
    }
  }
}
