package io.fluxspark.weights;

import io.fluxspark.program.DataType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Where a weight lies: a stored tensor, some of its rows, or several such pieces below each other.
 *
 * @param name by which programs ask for it
 * @param parts of one file and type, equal in all sizes but the first; at least one
 * @param scale one number by which all of them are multiplied, where there is one
 */
public record StoredWeight(String name, List<TensorEntry> parts, Optional<TensorEntry> scale) {
  public StoredWeight {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(scale, "scale");
    parts = List.copyOf(parts);
    TensorEntry first = parts.get(0);
    for (TensorEntry part : parts.subList(1, parts.size())) {
      if (!part.file().equals(first.file())
          || part.type() != first.type()
          || !rest(part.shape()).equals(rest(first.shape()))) {
        throw new IllegalArgumentException("weight " + name + " has parts that do not fit");
      }
    }
  }

  /** Whether programs can convert it at every use: it is one matrix in float8. */
  public boolean isFloat8Matrix() {
    return type() == StoredType.F8_E4M3 && parts.size() == 1 && shape().size() == 2;
  }

  /** Whether it is one tensor of a file, with the weight's numbers. */
  boolean isOneTensor() {
    return parts.size() == 1 && scale.isEmpty();
  }

  private static List<Long> rest(List<Long> shape) {
    return shape.subList(Math.min(1, shape.size()), shape.size());
  }

  public Path file() {
    return parts.get(0).file();
  }

  public StoredType type() {
    return parts.get(0).type();
  }

  /** See {@link TensorEntry#dataType}. */
  public DataType dataType() {
    return parts.get(0).dataType();
  }

  /** Of the parts together. */
  public List<Long> shape() {
    if (parts.size() == 1) {
      return parts.get(0).shape();
    }
    List<Long> shape = new ArrayList<>(parts.get(0).shape());
    shape.set(0, parts.stream().mapToLong(part -> part.shape().get(0)).sum());
    return shape;
  }

  /** Bytes. */
  public long length() {
    return parts.stream().mapToLong(TensorEntry::length).sum();
  }

  /** How many numbers the weight has. */
  public long elements() {
    return parts.stream().mapToLong(TensorEntry::elements).sum();
  }
}
