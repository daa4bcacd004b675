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
  FLOAT8
}
