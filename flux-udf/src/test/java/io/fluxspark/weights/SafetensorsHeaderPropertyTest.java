package io.fluxspark.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class SafetensorsHeaderPropertyTest {
  private record Wanted(String name, StoredType type, List<Long> shape) {}

  @Property(tries = 200)
  void validFilesAreReadAsTheyWereWritten(@ForAll("tensors") List<Wanted> wanted)
      throws IOException {
    Path file = Files.createTempFile("valid", ".safetensors");
    try {
      writer(wanted).write(file);

      List<TensorEntry> read = SafetensorsHeader.read(file).tensors();

      assertThat(read)
          .extracting(tensor -> new Wanted(tensor.name(), tensor.type(), tensor.shape()))
          .containsExactlyInAnyOrderElementsOf(wanted);
      assertThat(read.stream().mapToLong(TensorEntry::length).sum())
          .isEqualTo(Files.size(file) - SafetensorsHeader.read(file).dataOffset());
    } finally {
      Files.delete(file);
    }
  }

  @Property
  void damagedFilesAreReadOrRefused(
      @ForAll("tensors") List<Wanted> wanted,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 4) int damages)
      throws IOException {
    Path file = Files.createTempFile("damaged", ".safetensors");
    try {
      writer(wanted).write(file);
      long whole = Files.size(file);
      Files.write(file, damaged(Files.readAllBytes(file), new Random(seed), damages));
      try {
        SafetensorsHeader header = SafetensorsHeader.read(file);
        assertThat(header.tensors())
            .allMatch(tensor -> tensor.offset() >= header.dataOffset())
            .allMatch(tensor -> tensor.offset() + tensor.length() <= whole + damages);
      } catch (FluxSparkException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(e.getMessage()).startsWith(file.toString()).doesNotContain("\n");
      }
    } finally {
      Files.delete(file);
    }
  }

  @Provide
  Arbitrary<List<Wanted>> tensors() {
    Arbitrary<String> names =
        Arbitraries.strings().alpha().numeric().withChars("._-é字").ofMinLength(1).ofMaxLength(20);
    Arbitrary<List<Long>> shapes = Arbitraries.longs().between(0, 5).list().ofMaxSize(4);
    return Combinators.combine(names, Arbitraries.of(StoredType.class), shapes)
        .as(Wanted::new)
        .list()
        .uniqueElements(Wanted::name)
        .ofMaxSize(6);
  }

  private static SafetensorsWriter writer(List<Wanted> wanted) {
    SafetensorsWriter writer = new SafetensorsWriter();
    wanted.forEach(tensor -> writer.tensor(tensor.name(), tensor.type(), tensor.shape()));
    return writer;
  }

  private static byte[] damaged(byte[] bytes, Random random, int damages) {
    byte[] result = bytes;
    for (int i = 0; i < damages && result.length > 0; i++) {
      int place = random.nextInt(result.length);
      switch (random.nextInt(4)) {
        case 0 -> result[place] = (byte) random.nextInt();
        case 1 -> result[place] = (byte) "0123456789,[]{}\"".charAt(random.nextInt(16));
        case 2 -> result = Arrays.copyOf(result, place);
        default -> {
          byte[] longer = new byte[result.length + 1];
          System.arraycopy(result, 0, longer, 0, place);
          longer[place] = (byte) random.nextInt();
          System.arraycopy(result, place, longer, place + 1, result.length - place);
          result = longer;
        }
      }
    }
    return result;
  }
}
