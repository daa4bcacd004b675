package io.fluxspark.program;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Linear layers that multiply in a narrow type, each row of what comes in with a scale of its own,
 * so that it does not depend on the rows beside it. What several layers are given is brought to
 * that type once.
 */
final class RowProducts {
  /** What sizes have to be multiples of on a GPU. */
  private static final int FLOAT8_MULTIPLE = 16;

  private final Method method;
  private final String parameter;
  private final boolean isInt8;
  private final String narrow;
  private final Map<Tensor, List<String>> rows = new HashMap<>();

  /**
   * @param parameter the name of the weights
   * @param storage of the weights; only {@link WeightStorage#isProduct} ones multiply so
   */
  RowProducts(Method method, String parameter, WeightStorage storage) {
    this.method = method;
    this.parameter = parameter;
    this.isInt8 = storage == WeightStorage.INT8_PRODUCTS;
    this.narrow = isInt8 ? "int8" : "float8";
  }

  /** Whether a matrix (out, in) can be multiplied in float8. */
  static boolean takesFloat8(long in, long out) {
    return in % FLOAT8_MULTIPLE == 0 && out % FLOAT8_MULTIPLE == 0;
  }

  /**
   * {@code x} (..., in) times {@code weight} (out, in), plus what there is in {@code bias} (out):
   * (..., out).
   *
   * @param name of the weight, with its prefix
   */
  Tensor linear(String name, Tensor x, Tensor weight, Optional<Tensor> bias) {
    List<Dim> out = x.linearShape(weight, bias);
    List<String> given = rows.computeIfAbsent(x, this::rows);
    return method.assign(
        "linear",
        "self.%s_linear(%s, \"%s\", \"%s%s\", %s, %s, %s, %s, %d)"
            .formatted(
                narrow,
                parameter,
                name,
                name,
                Method.SCALE,
                x,
                given.get(0),
                given.get(1),
                bias.map(Tensor::expression).orElse("None"),
                x.type().code()),
        x.type(),
        out);
  }

  /**
   * In float8, {@link #linear} of {@code a} (..., m) and {@code b} (..., n) side by side.
   *
   * @param lowRank see {@link Method#lowRank}
   */
  Tensor joinedLinear(String lowRank, String name, Tensor a, Tensor b, Tensor weight, Tensor bias) {
    Tensor both = a.beside(b);
    List<Dim> out = both.linearShape(weight, Optional.of(bias));
    method.holdWhileRunning(DataType.FLOAT8_E4M3FN, both.shape());
    // Both as one, and divided by the scale, not rounded yet.
    method.holdWhileRunning(both.type(), both.shape());
    method.holdWhileRunning(both.type(), both.shape());
    return method.assign(
        "joined_linear",
        "self.float8_joined_linear(%s, %s, \"%s\", \"%s%s\", %s, %d)"
            .formatted(lowRank, both, name, name, Method.SCALE, bias, both.type().code()),
        both.type(),
        out);
  }

  private List<String> rows(Tensor x) {
    method.holdWhileRunning(isInt8 ? DataType.INT8 : DataType.FLOAT8_E4M3FN, x.shape());
    // Divided by the scale, not rounded yet.
    method.holdWhileRunning(isInt8 ? DataType.FLOAT32 : x.type(), x.shape());
    return method.assignPair("rows", "row_scales", "self." + narrow + "_rows(" + x + ")");
  }
}
