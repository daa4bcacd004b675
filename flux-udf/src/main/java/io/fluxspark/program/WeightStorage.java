package io.fluxspark.program;

/** How the matrices of linear layers are given to programs. */
public enum WeightStorage {
  /** In the type in which they compute. */
  AS_COMPUTED,
  /**
   * In {@link DataType#FLOAT8_E4M3FN} or as computed, each layer as it likes. A layer that has a
   * weight {@code NAME} brings its scale as {@code NAME_scale}, one number, where it has one. Every
   * use converts it.
   */
  FLOAT8,
  /**
   * As {@link #FLOAT8}, and a layer whose weight is in float8 is multiplied in it: each row of what
   * comes in is brought to float8 with a scale of its own, so that it does not depend on the rows
   * beside it. Such a layer has {@code NAME_scale}, (1, out), float32, the same number throughout.
   * PyTorch 2.7 multiplies so on a GPU alone.
   */
  FLOAT8_PRODUCTS,
  /**
   * As {@link PackedWeights#int8} gives them, with {@code NAME_scale}, (out), float32, or as
   * computed, each layer as it likes. The first are multiplied in {@link DataType#INT8}: each row
   * of what comes in is brought to it with a scale of its own. For the CPU alone.
   */
  INT8_PRODUCTS
}
