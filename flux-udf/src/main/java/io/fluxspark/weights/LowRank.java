package io.fluxspark.weights;

import io.fluxspark.program.NativeTensor;
import java.util.Objects;

/**
 * What is added to a linear layer: it computes W x + b + up down x.
 *
 * @param down (rank, in)
 * @param up (out, rank), with every factor in it
 */
public record LowRank(NativeTensor down, NativeTensor up) {
  public LowRank {
    Objects.requireNonNull(down, "down");
    Objects.requireNonNull(up, "up");
  }
}
