package io.fluxspark.program;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorFileTest {
  private static final float[] NUMBERS = {1, 2, 3, 4, 5, 6};
  private static final short[] HALVES = {0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600};
  private static final byte[] QUARTERS = {0x38, 0x40, 0x44, 0x48, 0x4a, 0x4c};
  private static final List<Long> SHAPE = List.of(2L, 3L);
  private static final int AT_A_MULTIPLE = 16;
  private static final int BETWEEN_MULTIPLES = 17;

  @TempDir Path folder;

  private final long openBefore = TensorScope.openValues();

  @AfterEach
  void nothingStaysOpen() {
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  static Stream<Arguments> typesAndPlaces() {
    return Arrays.stream(DataType.values())
        .flatMap(
            stored ->
                Arrays.stream(DataType.values())
                    .flatMap(
                        wanted ->
                            Stream.of(AT_A_MULTIPLE, BETWEEN_MULTIPLES)
                                .map(offset -> arguments(stored, wanted, offset))));
  }

  @ParameterizedTest
  @MethodSource("typesAndPlaces")
  void readsAnyTypeAsAnyOtherWhereverItStands(DataType stored, DataType wanted, int offset)
      throws IOException {
    Path path = write(stored, offset);
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      NativeTensor tensor;
      try (TensorFile file = new TensorFile(path)) {
        tensor = file.tensor(scope, stored, offset, SHAPE, wanted);
      }
      assertThat(tensor.shape()).as("the tensor outlives the file").containsExactly(2, 3);
      assertThat(numbers(scope, tensor, wanted)).containsExactly(NUMBERS);
    }
  }

  @Test
  void severalTensorsOfSeveralTypesAreInOneFile() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(0, -5).putFloat(8, 1.5f).putFloat(12, 2.5f).putFloat(17, 3.5f);
    Path path = Files.write(folder.resolve("several"), bytes.array());
    try (TensorScope scope = new TensorScope(Device.cpu());
        TensorFile file = new TensorFile(path)) {
      assertThat(file.tensor(scope, DataType.INT64, 0, List.of(1L), DataType.INT64).toLongs())
          .containsExactly(-5);
      assertThat(floats(file, scope, 8, 2)).containsExactly(1.5f, 2.5f);
      assertThat(floats(file, scope, 12, 1)).containsExactly(2.5f);
      assertThat(floats(file, scope, 17, 1)).containsExactly(3.5f);
      assertThat(file.tensor(scope, DataType.FLOAT32, 8, List.of(), DataType.FLOAT32).shape())
          .as("a number has no axes")
          .isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {AT_A_MULTIPLE, BETWEEN_MULTIPLES})
  void aFileThatIsNotThereCannotBeRead(int offset) {
    Path path = folder.resolve("missing");
    try (TensorScope scope = new TensorScope(Device.cpu());
        TensorFile file = new TensorFile(path)) {
      assertRefused(ErrorCode.INPUT_OUTPUT, () -> floats(file, scope, offset, 1))
          .startsWith(path + ": cannot be read: ")
          .contains("NoSuchFile");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {AT_A_MULTIPLE, BETWEEN_MULTIPLES})
  void aFileThatEndsBeforeTheTensorCannotBeRead(int offset) throws IOException {
    Path path = Files.write(folder.resolve("short"), new byte[20]);
    try (TensorScope scope = new TensorScope(Device.cpu());
        TensorFile file = new TensorFile(path)) {
      assertRefused(ErrorCode.INPUT_OUTPUT, () -> floats(file, scope, offset, 2))
          .isEqualTo(
              path + ": cannot be read: it ends at byte 20, the tensor at byte " + (offset + 8));
    }
  }

  /**
   * Of which the file system keeps nothing. Hosts that promise more memory than they have map it.
   */
  @Test
  void aFileThatIsTooLargeToBeMappedSaysWhatToDo() throws IOException {
    Path path = folder.resolve("large");
    long bytes = 8L << 40;
    try (RandomAccessFile large = new RandomAccessFile(path.toFile(), "rw")) {
      large.setLength(bytes);
    }
    boolean mapsAll = Files.readString(Path.of("/proc/sys/vm/overcommit_memory")).startsWith("1");
    try (TensorScope scope = new TensorScope(Device.cpu());
        TensorFile file = new TensorFile(path)) {
      if (mapsAll) {
        assertThat(floats(file, scope, bytes - 8, 2)).containsExactly(0, 0);
      } else {
        assertRefused(ErrorCode.INPUT_OUTPUT, () -> floats(file, scope, bytes - 8, 2))
            .startsWith(path + ": cannot be mapped: its " + bytes + " bytes are more than")
            .contains("shards")
            .contains("vm.overcommit_memory=1");
      }
    }
  }

  private static float[] floats(TensorFile file, TensorScope scope, long offset, long elements) {
    return file.tensor(scope, DataType.FLOAT32, offset, List.of(elements), DataType.FLOAT32)
        .toFloats();
  }

  private Path write(DataType stored, int offset) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(offset + NUMBERS.length * stored.bytes() + 3)
            .order(ByteOrder.LITTLE_ENDIAN)
            .position(offset);
    for (int i = 0; i < NUMBERS.length; i++) {
      switch (stored) {
        case UINT8, INT8 -> bytes.put((byte) NUMBERS[i]);
        case INT64 -> bytes.putLong((long) NUMBERS[i]);
        case FLOAT16 -> bytes.putShort(HALVES[i]);
        case FLOAT32 -> bytes.putFloat(NUMBERS[i]);
        case FLOAT8_E4M3FN -> bytes.put(QUARTERS[i]);
        case BFLOAT16 -> bytes.putShort((short) (Float.floatToIntBits(NUMBERS[i]) >>> 16));
      }
    }
    return Files.write(folder.resolve("tensors"), bytes.array());
  }

  private static float[] numbers(TensorScope scope, NativeTensor tensor, DataType type) {
    Program program = new Program("Numbers");
    Method method = program.method("floats");
    method.returns(method.input("x", type, Dim.of(2), Dim.of(3)).to(DataType.FLOAT32).multiply(1));
    try (LoadedProgram loaded = LoadedProgram.load(program, Device.cpu())) {
      return loaded.run(scope, method, tensor).get(0).toFloats();
    }
  }
}
