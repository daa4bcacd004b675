package io.fluxspark.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes safetensors files for tests; tensor data counts up from the tensor's place. */
public final class SafetensorsWriter {
  private final Map<String, String> entries = new LinkedHashMap<>();
  private long dataBytes;

  public SafetensorsWriter tensor(String name, StoredType type, List<Long> shape) {
    long bytes = shape.stream().reduce((long) type.bytes(), (a, b) -> a * b);
    entries.put(
        name,
        "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
            .formatted(type, shape, dataBytes, dataBytes + bytes));
    dataBytes += bytes;
    return this;
  }

  public Path write(Path file) {
    String json =
        entries.entrySet().stream()
            .map(entry -> "\"" + entry.getKey() + "\":" + entry.getValue())
            .collect(Collectors.joining(",", "{", "}"));
    return writeRaw(file, json, (int) dataBytes);
  }

  static Path writeRaw(Path file, String json, int dataBytes) {
    try {
      return Files.write(file, bytes(json, dataBytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] bytes(String json, int dataBytes) {
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header);
    for (int i = 0; i < dataBytes; i++) {
      bytes.put((byte) i);
    }
    return bytes.array();
  }
}
