package io.fluxspark.weights;

import java.util.List;

/**
 * A linear layer of ours that a tensor of a LoRA file means.
 *
 * @param part see {@link LoraModule#part}
 * @param module the layer's name
 * @param shares which parts of the tensor's rows are the layer's, in the layer's order
 */
record LoraTarget(String part, String module, List<Share> shares) {
  /** All rows, as they are. */
  static final List<Share> WHOLE = List.of(new Share(0, 1, 1));

  LoraTarget {
    shares = List.copyOf(shares);
  }

  /** {@code count} of {@code of} equal parts of the rows, after the first {@code first} parts. */
  record Share(int first, int count, int of) {
    TensorRows of(TensorEntry up) {
      long unit = up.shape().get(0) / of;
      return new TensorRows(up, first * unit, count * unit);
    }
  }

  /** The layer's rows of a tensor whose first axis is a multiple of {@link #parts}. */
  List<TensorEntry> rowsOf(TensorEntry tensor) {
    long unit = tensor.shape().get(0) / parts();
    return shares.stream()
        .map(share -> tensor.rows(share.first() * unit, share.count() * unit))
        .toList();
  }

  /** What the number of rows must be a multiple of. */
  int parts() {
    return shares.get(0).of();
  }
}
