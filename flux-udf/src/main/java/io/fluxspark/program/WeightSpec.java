package io.fluxspark.program;

import java.io.Serializable;
import java.util.List;

/**
 * A weight that a program reads: its name below the prefix of its layer, and the shape that it must
 * have.
 */
public record WeightSpec(String name, List<Long> shape) implements Serializable {
  public WeightSpec {
    shape = List.copyOf(shape);
  }

  /** Elements in all. */
  public long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }
}
