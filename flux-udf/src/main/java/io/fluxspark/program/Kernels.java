package io.fluxspark.program;

import java.util.List;

/**
 * Which of PyTorch's kernels linear layers and attention call. Programs call them by name; what is
 * behind the names is chosen where a program is loaded.
 */
enum Kernels {
  /** Those that every device has, and that have gradients. */
  PORTABLE(
      "torch.linear(x, weight, bias)",
      "torch.gelu(torch.linear(x, weight, bias), approximate=\"tanh\")",
      """
        return torch.scaled_dot_product_attention(q, k, v)
      """),

  /**
   * oneDNN's on the CPU. They take matrices in their own layout, see {@link PackedWeights}, or as
   * they are; the first is faster. In float32 PyTorch's own go to MKL, which on processors that are
   * not Intel's leaves half of what the vector units can do. Attention in bfloat16 is two matrix
   * products, a few megabytes of scores at a time, as the fused one is several times slower;
   * float32 has no such gap.
   */
  ONEDNN(
      pointwise("none", ""),
      pointwise("gelu", "tanh"),
      """
        S = torch.size(q, 2)
        T = torch.size(k, 2)
        scale = torch.pow(torch.size(q, 3), -0.5)
        queries = torch.flatten(q, 0, 1)
        keys = torch.transpose(torch.flatten(k, 0, 1), 1, 2)
        values = torch.flatten(v, 0, 1)
        rows = torch.add(torch.floordiv(4194304, T), 1)
        heads = torch.add(torch.floordiv(rows, S), 1)
        parts = annotate(List[Tensor], [])
        for i in range(torch.floordiv(torch.sub(torch.add(torch.size(queries, 0), heads), 1), heads)):
          first = torch.mul(i, heads)
          some = torch.slice(queries, 0, first, torch.add(first, heads), 1)
          their_keys = torch.slice(keys, 0, first, torch.add(first, heads), 1)
          their_values = torch.slice(values, 0, first, torch.add(first, heads), 1)
          attended = annotate(List[Tensor], [])
          for j in range(torch.floordiv(torch.sub(torch.add(S, rows), 1), rows)):
            row = torch.mul(j, rows)
            query = torch.slice(some, 1, row, torch.add(row, rows), 1)
            empty = torch.empty([1, 1, 1], dtype=15)
            scores = torch.baddbmm(empty, query, their_keys, beta=0, alpha=scale)
            _0 = torch.append(attended, torch.bmm(torch.softmax(scores, -1), their_values))
          _1 = torch.append(parts, torch.cat(attended, 1))
        return torch.unflatten(torch.cat(parts, 0), 0, [torch.size(q, 0), torch.size(q, 1)])
      """);

  static final List<DataType> TYPES = List.of(DataType.FLOAT32, DataType.BFLOAT16);

  private static final String LINEAR =
      """
      def linear(self: %s, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
        return %s
      """;

  private static final String LINEAR_GELU_TANH =
      """
      def linear_gelu_tanh(self: %s, w: Dict[str, Tensor], down: str, up: str, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
        if torch.__contains__(w, down):
          z = torch.gelu(self.low_rank(w, down, up, x, self.linear(x, weight, bias)), approximate="tanh")
        else:
          z = %s
        return z
      """;

  private static final String ATTENTION =
      """
      def attention(self: %s, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
      %s""";

  private final String linear;
  private final String linearGeluTanh;
  private final String attention;

  Kernels(String linear, String linearGeluTanh, String attention) {
    this.linear = linear;
    this.linearGeluTanh = linearGeluTanh;
    this.attention = attention;
  }

  private static String pointwise(String activation, String algorithm) {
    return ("ops.mkldnn._linear_pointwise(x, weight, bias, \"%s\","
            + " annotate(List[Optional[number]], []), \"%s\")")
        .formatted(activation, algorithm);
  }

  /** Whether all kernels compute in a type; the others have PyTorch's own operations only. */
  static boolean takes(DataType type) {
    return TYPES.contains(type);
  }

  /**
   * What the methods of a program call, of all that there is.
   *
   * @param self the type of the program
   * @param body the text of its methods
   */
  String methods(String self, String body) {
    StringBuilder text = new StringBuilder();
    if (body.contains("self.linear")) {
      text.append(LINEAR.formatted(self, linear));
    }
    if (body.contains("self.linear_gelu_tanh(")) {
      text.append(LINEAR_GELU_TANH.formatted(self, linearGeluTanh));
    }
    if (body.contains("self.attention(")) {
      text.append(ATTENTION.formatted(self, attention));
    }
    return text.toString().indent(2);
  }

  /** The fastest that a device has. */
  static Kernels of(Device device) {
    return device.isCuda() ? PORTABLE : OfThisProcessor.KERNELS;
  }

  private static final class OfThisProcessor {
    static final Kernels KERNELS = PackedWeights.isPossible() ? ONEDNN : PORTABLE;
  }
}
