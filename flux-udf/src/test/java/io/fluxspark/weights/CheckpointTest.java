package io.fluxspark.weights;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @TempDir Path folder;

  @Test
  void readsOneFile() {
    new SafetensorsWriter()
        .tensor("w", StoredType.BF16, List.of(2L, 3L))
        .tensor("b", StoredType.F32, List.of(2L))
        .write(folder.resolve("model.safetensors"));

    Checkpoint checkpoint = Checkpoint.open(folder, "model");

    assertThat(checkpoint.names()).containsExactly("b", "w");
    assertThat(checkpoint.bytes()).isEqualTo(20);
    assertThat(checkpoint.parameters()).isEqualTo(8);
    assertThat(checkpoint.types()).containsExactlyInAnyOrder(StoredType.BF16, StoredType.F32);
    assertThat(checkpoint.files()).containsExactly(folder.resolve("model.safetensors"));
    assertThat(checkpoint.index()).isEmpty();
    assertThat(checkpoint.find("w")).contains(checkpoint.require("w", List.of(2L, 3L)));
    assertThat(checkpoint.find("nothing")).isEmpty();
  }

  @Test
  void readsShards() {
    Checkpoint shards =
        Checkpoint.open(GOLDEN.resolve("schnell/transformer"), "diffusion_pytorch_model");

    assertThat(shards.files()).hasSize(8);
    assertThat(shards.index()).isPresent();
    assertThat(shards.require("x_embedder.weight", List.of(64L, 64L)).type())
        .isEqualTo(StoredType.BF16);
    assertThat(shards.bytes()).isEqualTo(2 * shards.parameters());
  }

  @Test
  void refusesATensorThatLacksOrHasAnotherShape() {
    Path file =
        new SafetensorsWriter()
            .tensor("w", StoredType.U8, List.of(2L, 3L))
            .write(folder.resolve("model.safetensors"));
    Checkpoint checkpoint = Checkpoint.open(folder, "model");

    assertRefused(ErrorCode.INVALID_MODEL, () -> checkpoint.require("w", List.of(3L, 2L)))
        .isEqualTo(file + ": tensor 'w' has shape [2, 3]; the configuration wants [3, 2]");
    assertRefused(ErrorCode.INVALID_MODEL, () -> checkpoint.require("v", List.of(3L)))
        .isEqualTo(folder + ": tensor 'v' of shape [3] is lacking");
  }

  @Test
  void refusesAFolderWithoutWeights() throws IOException {
    assertRefused(ErrorCode.INVALID_MODEL, () -> Checkpoint.open(folder, "model"))
        .isEqualTo(
            folder + ": neither model.safetensors nor model.safetensors.index.json is there");

    Files.createFile(folder.resolve("pytorch_model.bin"));
    assertRefused(ErrorCode.INVALID_MODEL, () -> Checkpoint.open(folder, "model"))
        .endsWith("; pytorch_model.bin is not read, only safetensors are");
  }

  @Test
  void refusesAnIndexThatCannotBeFollowed() throws IOException {
    new SafetensorsWriter()
        .tensor("w", StoredType.U8, List.of(1L))
        .write(folder.resolve("a.safetensors"));

    refused("{", "not JSON");
    refused("{'metadata':{}}", "key 'weight_map' must be an object");
    refused("{'weight_map':{'w':1}}", "tensor 'w' must have a file name, not 1");
    refused("{'weight_map':{'w':'b.safetensors'}}", "shard b.safetensors is not there");
    refused(
        "{'weight_map':{'w':'a.safetensors','v':'a.safetensors'}}",
        "tensor 'v' is not in a.safetensors");
    refused(
        "{'weight_map':{'w':'../a.safetensors'}}",
        "shard '../a.safetensors' must be a safetensors file of this folder");
    refused("{'weight_map':{'w':'/a.safetensors'}}", "must be a safetensors file of this folder");
    refused("{'weight_map':{'w':'a.bin'}}", "must be a safetensors file of this folder");
    refused("{'weight_map':{'w':'a\\u0000.safetensors'}}", "is no file name");
  }

  private void refused(String index, String problem) throws IOException {
    Path file = folder.resolve("model.safetensors.index.json");
    Files.writeString(file, index.replace('\'', '"'));
    assertRefused(ErrorCode.INVALID_MODEL, () -> Checkpoint.open(folder, "model"))
        .startsWith(file.toString())
        .contains(problem);
  }
}
