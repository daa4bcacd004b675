package io.fluxspark.weights;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.program.NativeTensor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Writes safetensors files. */
public final class SafetensorsFile {
  private static final int ALIGNMENT = 8;
  private static final JsonMapper JSON = new JsonMapper();

  private SafetensorsFile() {}

  /**
   * Writes tensors, sorted by name, so that equal numbers give equal files.
   *
   * @param tensors float32
   * @param type how they are stored: {@code F32}, or {@code BF16}, rounded half to even
   * @param metadata of the header
   * @throws IOException where the file cannot be written
   */
  public static void write(
      Path file, Map<String, NativeTensor> tensors, StoredType type, Map<String, String> metadata)
      throws IOException {
    TreeMap<String, NativeTensor> sorted = new TreeMap<>(tensors);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      byte[] header = header(sorted, type, metadata);
      out.write(
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(header.length)
              .array());
      out.write(header);
      for (NativeTensor tensor : sorted.values()) {
        out.write(bytes(tensor.toFloats(), type));
      }
    }
  }

  private static byte[] header(
      TreeMap<String, NativeTensor> tensors, StoredType type, Map<String, String> metadata)
      throws IOException {
    ObjectNode json = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      json.set("__metadata__", JSON.valueToTree(new TreeMap<>(metadata)));
    }
    long offset = 0;
    for (Map.Entry<String, NativeTensor> tensor : tensors.entrySet()) {
      long[] shape = tensor.getValue().shape();
      long end = offset + type.bytes() * Arrays.stream(shape).reduce(1, Math::multiplyExact);
      ObjectNode entry = json.putObject(tensor.getKey());
      entry.put("dtype", type.name());
      entry.set("shape", JSON.valueToTree(shape));
      entry.set("data_offsets", JSON.valueToTree(new long[] {offset, end}));
      offset = end;
    }
    byte[] bytes = JSON.writeValueAsBytes(json);
    // Readers that map the file want the numbers to start at a multiple of 8.
    byte[] padded = Arrays.copyOf(bytes, (bytes.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    Arrays.fill(padded, bytes.length, padded.length, (byte) ' ');
    return padded;
  }

  private static byte[] bytes(float[] numbers, StoredType type) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(numbers.length, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case F32 -> bytes.asFloatBuffer().put(numbers);
      case BF16 -> {
        for (float number : numbers) {
          bytes.putShort(bfloat16(number));
        }
      }
      default -> throw new IllegalArgumentException("tensors are not written as " + type);
    }
    return bytes.array();
  }

  /** The upper half of a float32, rounded to the nearest, half to even. */
  private static short bfloat16(float number) {
    int bits = Float.floatToRawIntBits(number);
    if (Float.isNaN(number)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }
}
