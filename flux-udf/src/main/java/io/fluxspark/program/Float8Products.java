package io.fluxspark.program;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Linear layers that multiply in float8, see {@link WeightStorage#FLOAT8_PRODUCTS}. What several
 * layers are given is brought to float8 once.
 */
final class Float8Products implements Weights.Product {
  private final Method method;
  private final String parameter;
  private final Map<Tensor, List<String>> rows = new HashMap<>();

  /**
   * @param parameter the name of the weights
   */
  Float8Products(Method method, String parameter) {
    this.method = method;
    this.parameter = parameter;
  }

  @Override
  public Tensor linear(String name, Tensor x, Tensor weight, Optional<Tensor> bias) {
    List<Dim> out = x.linearShape(weight, bias);
    List<String> given =
        rows.computeIfAbsent(
            x, any -> method.assignPair("rows", "row_scales", "self.float8_rows(" + any + ")"));
    return method.assign(
        "linear",
        "self.float8_linear(%s, \"%s\", \"%s%s\", %s, %s, %s, %s, %d)"
            .formatted(
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
}
