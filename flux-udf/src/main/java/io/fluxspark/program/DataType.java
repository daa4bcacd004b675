package io.fluxspark.program;

import java.util.Locale;

/** Element types of tensors; the code is PyTorch's {@code ScalarType}. */
public enum DataType {
  UINT8(0, 1),
  INT8(1, 1),
  INT64(4, 8),
  FLOAT16(5, 2),
  FLOAT32(6, 4),
  BFLOAT16(15, 2),
  /**
   * For weights and their products: 4 bits of exponent, 3 of mantissa, no infinities, at most 448.
   */
  FLOAT8_E4M3FN(24, 1);

  private final int code;
  private final int bytes;

  DataType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /**
   * The type with a name as options have it, such as {@code bfloat16}.
   *
   * @throws IllegalArgumentException where there is none
   */
  public static DataType fromName(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }

  int code() {
    return code;
  }

  /** DJL's name of it, which knows no bfloat16 and no float8. */
  ai.djl.ndarray.types.DataType djl() {
    return ai.djl.ndarray.types.DataType.valueOf(name());
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether it is one of the floating-point types, in which models compute. */
  public boolean isFloating() {
    return this == FLOAT32 || this == FLOAT16 || this == BFLOAT16;
  }
}
