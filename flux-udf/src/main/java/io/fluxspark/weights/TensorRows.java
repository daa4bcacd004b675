package io.fluxspark.weights;

import java.util.List;
import java.util.Objects;

/**
 * Neighbouring rows of a stored matrix.
 *
 * @param entry of shape (all rows, columns)
 * @param firstRow counted from 0
 * @param rows how many, at least 1
 */
public record TensorRows(TensorEntry entry, long firstRow, long rows) {
  public TensorRows {
    Objects.requireNonNull(entry, "entry");
    if (entry.shape().size() != 2) {
      throw new IllegalArgumentException(
          "tensor " + entry.name() + " of shape " + entry.shape() + " is no matrix");
    }
    if (firstRow < 0 || rows < 1 || rows > entry.shape().get(0) - firstRow) {
      throw new IllegalArgumentException(
          "tensor " + entry.name() + " has no " + rows + " rows from row " + firstRow);
    }
  }

  public long columns() {
    return entry.shape().get(1);
  }

  /** Of the first row's first byte, from the start of the file. */
  public long offset() {
    return entry.offset() + firstRow * columns() * entry.type().bytes();
  }

  /** (rows, columns). */
  public List<Long> shape() {
    return List.of(rows, columns());
  }
}
