package io.fluxspark.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a safetensors file says of its tensors.
 *
 * <p>The file is an unsigned little-endian 64 bit length, that many bytes of JSON, and the data.
 * Each tensor has {@code dtype}, {@code shape} and {@code data_offsets}, begin and end from the
 * start of the data; together the tensors cover the data without holes. A file that breaks any of
 * this is refused with {@code INVALID_MODEL}.
 *
 * @param dataOffset where the data starts, from the start of the file
 * @param tensors in the order of their data
 * @param metadata what stands in {@code __metadata__}, the format's place for texts of the writer's
 */
record SafetensorsHeader(
    Path file, long dataOffset, List<TensorEntry> tensors, Map<String, String> metadata) {
  /** The largest header that the format's own library takes. */
  static final long LARGEST_HEADER = 100_000_000;

  private static final int LENGTH_BYTES = 8;

  SafetensorsHeader {
    tensors = List.copyOf(tensors);
    metadata = Map.copyOf(metadata);
  }

  static SafetensorsHeader read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new FluxSparkException(ErrorCode.INVALID_MODEL, file + ": no such file");
    }
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      byte[] json = readJson(file, channel, size);
      long dataOffset = LENGTH_BYTES + (long) json.length;
      ObjectNode header = JsonFiles.parseObject(json, file + ": header");
      List<TensorEntry> tensors = new ArrayList<>();
      Map<String, String> metadata = new HashMap<>();
      for (Map.Entry<String, JsonNode> field : header.properties()) {
        if (field.getKey().equals("__metadata__")) {
          metadata.putAll(texts(file, field.getValue()));
        } else {
          tensors.add(new Entry(file, field.getKey(), field.getValue()).parse(dataOffset));
        }
      }
      tensors.sort(
          Comparator.comparingLong(TensorEntry::offset).thenComparingLong(TensorEntry::length));
      checkCoverage(file, tensors, dataOffset, size);
      return new SafetensorsHeader(file, dataOffset, tensors, metadata);
    } catch (IOException e) {
      throw JsonFiles.unreadable(file, e);
    }
  }

  private static byte[] readJson(Path file, FileChannel channel, long size) throws IOException {
    if (size < LENGTH_BYTES) {
      throw invalid(
          file, "has " + size + " bytes; a safetensors file has at least " + LENGTH_BYTES);
    }
    long length = readFully(channel, LENGTH_BYTES, 0).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > LARGEST_HEADER) {
      throw invalid(
          file,
          "says that its header has "
              + Long.toUnsignedString(length)
              + " bytes; at most "
              + LARGEST_HEADER
              + " can be: this is no safetensors file, or it is damaged");
    }
    if (length > size - LENGTH_BYTES) {
      throw invalid(
          file,
          "is cut off: its header has "
              + length
              + " bytes, but only "
              + (size - LENGTH_BYTES)
              + " follow");
    }
    return readFully(channel, (int) length, LENGTH_BYTES).array();
  }

  static ByteBuffer readFully(FileChannel channel, int length, long position) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw new IOException("the file became shorter while it was read");
      }
    }
    return bytes.flip();
  }

  private static Map<String, String> texts(Path file, JsonNode metadata) {
    if (!metadata.isObject()) {
      throw invalid(file, "__metadata__ must be an object, not " + JsonFiles.kindOf(metadata));
    }
    Map<String, String> texts = new HashMap<>();
    for (Map.Entry<String, JsonNode> field : metadata.properties()) {
      if (!field.getValue().isTextual()) {
        throw invalid(
            file,
            "__metadata__ key "
                + JsonFiles.quoted(field.getKey())
                + " must be text, not "
                + JsonFiles.kindOf(field.getValue()));
      }
      texts.put(field.getKey(), field.getValue().textValue());
    }
    return texts;
  }

  private static void checkCoverage(
      Path file, List<TensorEntry> tensors, long dataOffset, long size) {
    long needed = dataOffset;
    for (TensorEntry tensor : tensors) {
      needed = Math.max(needed, tensor.offset() + tensor.length());
    }
    if (needed > size) {
      throw invalid(
          file,
          "is cut off: "
              + (needed - size)
              + " of "
              + needed
              + " bytes are missing, tensor "
              + JsonFiles.quoted(tensors.get(tensors.size() - 1).name())
              + " is not whole");
    }
    long covered = dataOffset;
    for (TensorEntry tensor : tensors) {
      if (tensor.offset() < covered) {
        throw invalid(
            file, "tensor " + JsonFiles.quoted(tensor.name()) + " overlaps the one before it");
      }
      if (tensor.offset() > covered) {
        throw invalid(
            file,
            (tensor.offset() - covered)
                + " bytes before tensor "
                + JsonFiles.quoted(tensor.name())
                + " belong to no tensor");
      }
      covered += tensor.length();
    }
    if (covered < size) {
      throw invalid(file, (size - covered) + " bytes at its end belong to no tensor");
    }
  }

  private static FluxSparkException invalid(Path file, String problem) {
    return new FluxSparkException(ErrorCode.INVALID_MODEL, file + ": " + problem);
  }

  /** One tensor's part of the header. */
  private record Entry(Path file, String name, JsonNode json) {
    TensorEntry parse(long dataOffset) {
      if (!json.isObject()) {
        throw invalid("must be an object, not " + JsonFiles.kindOf(json));
      }
      JsonNode dtype = json.path("dtype");
      StoredType type =
          StoredType.named(dtype.asText())
              .orElseThrow(() -> invalid("has the unknown dtype " + JsonFiles.kindOf(dtype)));
      List<Long> shape = wholeNumbers("shape");
      List<Long> offsets = wholeNumbers("data_offsets");
      if (offsets.size() != 2) {
        throw invalid("must have two data_offsets, not " + offsets.size());
      }
      long begin = offsets.get(0);
      long end = offsets.get(1);
      if (begin > end) {
        throw invalid("has reversed data_offsets, from " + begin + " to " + end);
      }
      if (end > Long.MAX_VALUE - dataOffset) {
        throw invalid("has data_offsets that no file can have, from " + begin + " to " + end);
      }
      long wanted = bytesOf(type, shape);
      if (end - begin != wanted) {
        throw invalid(
            "has " + (end - begin) + " bytes; " + type + " of shape " + shape + " needs " + wanted);
      }
      return new TensorEntry(file, name, type, shape, dataOffset + begin, wanted);
    }

    private long bytesOf(StoredType type, List<Long> shape) {
      if (shape.contains(0L)) {
        return 0;
      }
      try {
        return shape.stream().reduce((long) type.bytes(), Math::multiplyExact);
      } catch (ArithmeticException e) {
        throw invalid(
            "has shape " + JsonFiles.quoted(shape.toString()) + ", more than any file holds");
      }
    }

    private List<Long> wholeNumbers(String key) {
      JsonNode list = json.path(key);
      if (!list.isArray()) {
        throw invalid("must have a list " + key + ", not " + JsonFiles.kindOf(list));
      }
      List<Long> numbers = new ArrayList<>();
      for (JsonNode number : list) {
        if (!number.isIntegralNumber() || !number.canConvertToLong() || number.asLong() < 0) {
          throw invalid(
              "has "
                  + JsonFiles.kindOf(number)
                  + " in "
                  + key
                  + "; whole numbers from 0 are wanted");
        }
        numbers.add(number.asLong());
      }
      return numbers;
    }

    private FluxSparkException invalid(String problem) {
      return SafetensorsHeader.invalid(file, "tensor " + JsonFiles.quoted(name) + " " + problem);
    }
  }
}
