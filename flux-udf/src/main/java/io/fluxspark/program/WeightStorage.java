package io.fluxspark.program;

/**
 * How the matrices of linear layers are given to programs; from the widest way to the narrowest.
 */
public enum WeightStorage {
  /** In the type in which they compute. */
  AS_COMPUTED,
  /**
   * In {@link DataType#FLOAT8_E4M3FN} or as computed, each layer as it likes. A layer that has a
   * weight {@code NAME} brings its scale as {@code NAME_scale}, one number in the host's memory,
   * where it has one. Every use converts it.
   */
  FLOAT8,
  /**
   * As {@link Float8Weights} gives them, with {@code NAME_scale}, (1, out), float32, and multiplied
   * in float8: each row of what comes in is brought to it with a scale of its own, so that it does
   * not depend on the rows beside it. A matrix with a size that is no multiple of 16 is taken as
   * {@link #FLOAT8} is. A GPU multiplies so; elsewhere the same numbers are multiplied in float32.
   */
  FLOAT8_PRODUCTS,
  /**
   * As {@link PackedWeights#int8} gives them, with {@code NAME_scale}, (out), float32, or as
   * computed, each layer as it likes. The first are multiplied in {@link DataType#INT8}: each row
   * of what comes in is brought to it with a scale of its own. For the CPU alone.
   */
  INT8_PRODUCTS;

  /** Whether matrices are multiplied in a type that is narrower than what is computed in. */
  public boolean isProduct() {
    return this == FLOAT8_PRODUCTS || this == INT8_PRODUCTS;
  }
}
