package io.fluxspark.weights;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DataType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Where one tensor lies.
 *
 * @param file the safetensors file
 * @param name the tensor's name in the checkpoint
 * @param shape empty for a scalar
 * @param offset of the first byte, from the start of the file
 * @param length in bytes; the product of the shape times the size of a number
 */
public record TensorEntry(
    Path file, String name, StoredType type, List<Long> shape, long offset, long length) {
  public TensorEntry {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    shape = List.copyOf(shape);
    if (offset < 0 || length < 0) {
      throw new IllegalArgumentException(
          "tensor " + name + " cannot lie at " + offset + " with " + length + " bytes");
    }
  }

  /**
   * The type in which programs read it.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} where weights are not read from this type
   */
  public DataType dataType() {
    return switch (type) {
      case BF16 -> DataType.BFLOAT16;
      case F16 -> DataType.FLOAT16;
      case F32 -> DataType.FLOAT32;
      case F8_E4M3 -> DataType.FLOAT8_E4M3FN;
      default ->
          throw new FluxSparkException(
              ErrorCode.INVALID_MODEL,
              file
                  + ": tensor "
                  + name
                  + " is stored as "
                  + type
                  + "; BF16, F16, F32 or F8_E4M3 is wanted");
    };
  }

  /**
   * Neighbours along the first axis.
   *
   * @param first counted from 0
   * @param count how many, at least 1
   */
  TensorEntry rows(long first, long count) {
    if (shape.isEmpty() || first < 0 || count < 1 || count > shape.get(0) - first) {
      throw new IllegalArgumentException(
          "tensor " + name + " of shape " + shape + " has no " + count + " rows from row " + first);
    }
    long row = length / shape.get(0);
    List<Long> sizes = new ArrayList<>(shape);
    sizes.set(0, count);
    return new TensorEntry(file, name, type, sizes, offset + first * row, count * row);
  }

  /** The same numbers in another shape of as many. */
  TensorEntry reshaped(List<Long> sizes) {
    return new TensorEntry(file, name, type, sizes, offset, length);
  }

  /** How many numbers the tensor has. */
  public long elements() {
    return length / type.bytes();
  }
}
