package io.fluxspark.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDigestTest {
  private static final long LARGE = 100_000;

  @TempDir Path one;
  @TempDir Path other;

  @BeforeEach
  void write() throws IOException {
    for (Path folder : List.of(one, other)) {
      Files.writeString(folder.resolve("config.json"), "{}");
      new SafetensorsWriter()
          .tensor("w", StoredType.U8, List.of(LARGE))
          .tensor("v", StoredType.U8, List.of(LARGE))
          .write(folder.resolve("model.safetensors"));
    }
  }

  @Test
  void dependsOnNeitherPlaceNorTimeNorOrder() throws IOException {
    Files.setLastModifiedTime(other.resolve("config.json"), FileTime.fromMillis(0));

    assertThat(digest(one)).isEqualTo(digest(other)).matches("[0-9a-f]{64}");
    assertThat(
            ModelDigest.of(
                one, List.of(one.resolve("model.safetensors"), one.resolve("config.json"))))
        .isEqualTo(digest(one));
  }

  @Test
  void changesWithASmallFile() throws IOException {
    Files.writeString(other.resolve("config.json"), "[]");

    assertThat(digest(other)).isNotEqualTo(digest(one));
  }

  @Test
  void changesWithAName() throws IOException {
    Path renamed = Files.move(other.resolve("config.json"), other.resolve("configs.json"));

    assertThat(ModelDigest.of(other, List.of(renamed, other.resolve("model.safetensors"))))
        .isNotEqualTo(digest(one));
  }

  @Test
  void changesWithTheEndsOfEveryTensor() throws IOException {
    Path file = other.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(file);
    String before = digest(other);
    for (TensorEntry tensor : SafetensorsHeader.read(file).tensors()) {
      for (long place : List.of(tensor.offset(), tensor.offset() + tensor.length() - 1)) {
        byte[] changed = whole.clone();
        changed[(int) place]++;
        Files.write(file, changed);

        assertThat(digest(other)).isNotEqualTo(before);
      }
    }
  }

  private static String digest(Path folder) {
    return ModelDigest.of(
        folder, List.of(folder.resolve("config.json"), folder.resolve("model.safetensors")));
  }
}
