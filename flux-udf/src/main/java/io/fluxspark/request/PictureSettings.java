package io.fluxspark.request;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What decides the bytes of a job's picture files besides the requests.
 *
 * @param format of the picture files, {@code png}, {@code jpeg} or {@code webp}
 * @param quality of the picture files, 1 to 100
 * @param dtype that the model computes in, {@code float32}, {@code bfloat16}, {@code float16},
 *     {@code float8_e4m3fn} or {@code int8}
 * @param modelDigest the model's identity
 */
public record PictureSettings(String format, int quality, String dtype, String modelDigest)
    implements Serializable {
  /** What models compute in on a GPU. */
  public static final List<String> DTYPES_ON_A_GPU =
      List.of("float32", "bfloat16", "float16", Approximations.FLOAT8);

  /** What they compute in on a CPU. */
  public static final List<String> DTYPES_ON_A_CPU =
      Stream.concat(DTYPES_ON_A_GPU.stream(), Stream.of(Approximations.INT8)).toList();

  private static final Set<String> APPROXIMATE = Set.of(Approximations.FLOAT8, Approximations.INT8);

  public PictureSettings {
    Objects.requireNonNull(format, "format");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(modelDigest, "modelDigest");
    if (quality < 1 || quality > 100) {
      throw new IllegalArgumentException("quality " + quality + " is not from 1 to 100");
    }
  }

  /** The names of the approximations that count for a request, {@link Approximations}' own. */
  public List<String> approximations(GenerationRequest request) {
    List<String> used = new ArrayList<>(request.approximationsUsed());
    if (APPROXIMATE.contains(dtype)) {
      used.add(dtype);
    }
    return used;
  }
}
