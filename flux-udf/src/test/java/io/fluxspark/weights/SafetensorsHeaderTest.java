package io.fluxspark.weights;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsHeaderTest {
  @TempDir Path folder;

  @Test
  void readsTensorsInTheOrderOfTheirData() {
    String json =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"b\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
            + "\"none\":{\"dtype\":\"I64\",\"shape\":[0,9],\"data_offsets\":[16,16]}}  ";
    Path file = SafetensorsWriter.writeRaw(folder.resolve("x.safetensors"), json, 16);

    SafetensorsHeader header = SafetensorsHeader.read(file);

    long data = 8 + json.length();
    assertThat(header.dataOffset()).isEqualTo(data);
    assertThat(header.tensors())
        .containsExactly(
            new TensorEntry(file, "a", StoredType.F32, List.of(), data, 4),
            new TensorEntry(file, "b", StoredType.BF16, List.of(2L, 3L), data + 4, 12),
            new TensorEntry(file, "none", StoredType.I64, List.of(0L, 9L), data + 16, 0));
    assertThat(header.tensors()).extracting(TensorEntry::elements).containsExactly(1L, 6L, 0L);
  }

  @Test
  void readsAGoldenCheckpoint() {
    Path file =
        Path.of("src/test/resources/golden/dev/transformer/diffusion_pytorch_model.safetensors");

    assertThat(SafetensorsHeader.read(file).tensors())
        .extracting(TensorEntry::name)
        .contains("x_embedder.weight", "single_transformer_blocks.1.proj_out.bias");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | Duplicate field 'a'",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},} | not JSON",
        "0 | not JSON at all | not JSON",
        "0 | {} {} | not JSON",
        "0 | [] | a JSON object is wanted, not the list []",
        "0 | `` | a JSON object is wanted, not nothing",
        "0 | {'__metadata__':[]} | __metadata__ must be an object, not the list []",
        "0 | {'__metadata__':{'k':1}} | __metadata__ key 'k' must be text, not 1",
        "4 | {'a':7} | tensor 'a' must be an object, not 7",
        "4 | {'a':{'dtype':'F31','shape':[1],'data_offsets':[0,4]}} | tensor 'a' has the unknown dtype \"F31\"",
        "4 | {'a':{'shape':[1],'data_offsets':[0,4]}} | tensor 'a' has the unknown dtype nothing",
        "4 | {'a':{'dtype':'F32','data_offsets':[0,4]}} | tensor 'a' must have a list shape, not nothing",
        "4 | {'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | tensor 'a' has -1 in shape; whole numbers from 0 are wanted",
        "4 | {'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}} | tensor 'a' has 1.0 in shape",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} | tensor 'a' has -4 in data_offsets",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,99999999999999999999]}} | has 99999999999999999999 in data_offsets",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | tensor 'a' has reversed data_offsets, from 4 to 0",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}} | tensor 'a' must have two data_offsets, not 1",
        "4 | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | tensor 'a' has 4 bytes; F32 of shape [2] needs 8",
        "4 | {'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,4]}} | more than any file holds",
        "4 | {'a':{'dtype':'U8','shape':[9223372036854775807],'data_offsets':[0,9223372036854775807]}} | that no file can have",
        "4 | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | is cut off: 4 of ",
        "8 | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | tensor 'b' overlaps the one before it",
        "8 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 4 bytes before tensor 'a' belong to no tensor",
        "9 | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 1 bytes at its end belong to no tensor",
        "4 | {'a\\nb':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | tensor 'a b' has 4 bytes",
      })
  void refusesHeadersThatBreakTheFormat(int dataBytes, String json, String problem) {
    Path file =
        SafetensorsWriter.writeRaw(
            folder.resolve("x.safetensors"), json.replace('\'', '"'), dataBytes);

    assertRefused(ErrorCode.INVALID_MODEL, () -> SafetensorsHeader.read(file))
        .startsWith(file.toString())
        .contains(problem);
  }

  @Test
  void refusesFilesThatAreCutOff() throws IOException {
    Path file = folder.resolve("x.safetensors");

    assertRefused(ErrorCode.INVALID_MODEL, () -> SafetensorsHeader.read(file))
        .endsWith("no such file");
    Files.write(file, new byte[7]);
    assertRefused(ErrorCode.INVALID_MODEL, () -> SafetensorsHeader.read(file))
        .contains("has 7 bytes");
    Files.write(file, lengthOnly(10));
    assertRefused(ErrorCode.INVALID_MODEL, () -> SafetensorsHeader.read(file))
        .contains("is cut off: its header has 10 bytes, but only 0 follow");
  }

  @Test
  void refusesHeadersThatAreTooLong() throws IOException {
    Path file = folder.resolve("x.safetensors");

    Files.write(file, lengthOnly(SafetensorsHeader.LARGEST_HEADER + 1));
    assertRefused(ErrorCode.INVALID_MODEL, () -> SafetensorsHeader.read(file))
        .contains("100000001 bytes");
    Files.write(file, lengthOnly(-1));
    assertRefused(ErrorCode.INVALID_MODEL, () -> SafetensorsHeader.read(file))
        .contains("18446744073709551615 bytes");
  }

  private static byte[] lengthOnly(long length) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
  }
}
