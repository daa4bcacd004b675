package io.fluxspark;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorFile;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.StoredType;
import io.fluxspark.weights.TensorEntry;
import java.util.Arrays;
import java.util.List;

/** The tensors of a golden case, and how what we compute is compared with them. */
public final class GoldenTensors implements AutoCloseable {
  /** Of a tensor's largest value. */
  private static final double TOLERANCE = 1e-4;

  private final Checkpoint expected;
  private final TensorScope scope = new TensorScope(Device.cpu());

  /**
   * @param caseName such as {@code dev/cases/one}
   */
  public GoldenTensors(String caseName) {
    this.expected = Checkpoint.open(Golden.path(caseName), "expected");
  }

  /** A tensor in native memory. */
  public NativeTensor tensor(String name) {
    TensorEntry entry = expected.find(name).orElseThrow().parts().get(0);
    DataType type = entry.type() == StoredType.I64 ? DataType.INT64 : DataType.FLOAT32;
    try (TensorFile file = new TensorFile(entry.file())) {
      return file.tensor(scope, type, entry.offset(), entry.shape(), type);
    }
  }

  /** A tensor's values, the last axis fastest. */
  public float[] floats(String name) {
    return tensor(name).toFloats();
  }

  /** Holds where every value is within 1e-4 of the golden tensor's largest. */
  public void assertClose(String name, float[] actual) {
    assertClose(name, actual, floats(name));
  }

  /** As above, for a tensor without its first {@code skipped} values. */
  public void assertClose(String name, int skipped, float[] actual) {
    float[] all = floats(name);
    assertClose(name, actual, Arrays.copyOfRange(all, skipped, all.length));
  }

  /** As {@link #assertClose}, where only the tensor's first values are golden. */
  public void assertStarts(String name, float[] actual) {
    float[] first = floats(name);
    assertClose(name, Arrays.copyOf(actual, first.length), first);
  }

  /** What follows {@code prefix.} in the names of tensors. */
  public List<String> namesBelow(String prefix) {
    return expected.names().stream()
        .filter(name -> name.startsWith(prefix + "."))
        .map(name -> name.substring(prefix.length() + 1))
        .sorted()
        .toList();
  }

  /** Holds where every value is within 1e-4 of the largest expected one. */
  public static void assertClose(String what, float[] actual, float[] expected) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference =
          Math.max(
              difference,
              Float.isNaN(actual[i]) ? Double.MAX_VALUE : Math.abs(actual[i] - expected[i]));
    }
    assertThat(difference / largest)
        .as("largest difference of " + what + ", of its largest value")
        .isLessThan(TOLERANCE);
  }

  @Override
  public void close() {
    scope.close();
  }
}
