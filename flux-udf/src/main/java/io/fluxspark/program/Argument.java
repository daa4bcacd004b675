package io.fluxspark.program;

/** What a method of a loaded program can be given. */
public sealed interface Argument
    permits NativeTensor, NativeWeights, NativeLayers, Argument.Seeds, Argument.Size {
  /** Seeds of random generators, one a row. */
  static Argument seeds(long... seeds) {
    return new Seeds(seeds.clone());
  }

  /** A size. */
  record Size(long value) implements Argument {}

  /** See {@link #seeds(long...)}. */
  @SuppressWarnings("ArrayRecordComponent")
  record Seeds(long[] values) implements Argument {}
}
