package io.fluxspark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.pipeline.Offload;
import io.fluxspark.program.DataType;
import io.fluxspark.weights.StoredType;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlannedMemoryTest {
  /** Most of it weights and a decoder's maps; a few weights, and maps elsewhere; float8. */
  @ParameterizedTest
  @CsvSource({
    "F32, '', 512",
    "F32, 'text-encoder,modulation,decoding', 512",
    "F8_E4M3, '', 256",
  })
  void whatIsPlannedIsWhatARunTakes(StoredType stored, String offload, int size)
      throws IOException, InterruptedException {
    Set<Offload> some = Offload.parse(offload).orElseThrow();

    PlannedMemory.Result result =
        PlannedMemory.measure(
            new PlannedMemory.Case(stored, DataType.FLOAT32, some, size, 512 / size * 2));

    assertThat(result.error()).as(result.toString()).isBetween(-0.1, 0.1);
  }
}
