package io.fluxspark.program;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which of PyTorch's kernels linear layers, norms and attention call. Programs call them by name;
 * what is behind the names is chosen where a program is loaded.
 */
enum Kernels {
  /** Those that every device has, and that have gradients. */
  PORTABLE(
      "torch.linear(x, weight, bias)",
      "torch.gelu(torch.linear(x, weight, bias), approximate=\"tanh\")",
      """
        return torch.scaled_dot_product_attention(q, k, v)
      """,
      Texts.JOINED_LINEAR,
      Texts.ADA_LAYER_NORM,
      Texts.ROTARY_HEADS,
      Texts.FLOAT8_PRODUCT,
      Texts.FLOAT8_JOINED_PRODUCT),

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
      """,
      Texts.JOINED_LINEAR,
      Texts.ADA_LAYER_NORM,
      Texts.ROTARY_HEADS,
      Texts.FLOAT8_PRODUCT,
      Texts.FLOAT8_JOINED_PRODUCT),

  /**
   * What takes the fewest passes over memory on a GPU, where products run at their peak and all
   * else waits for memory: GELU in the product's end, the second of two products added to the
   * first, modulation in the norm's own pass (each picture has its own, so one after the other),
   * heads normed and turned in float32 without being rounded between. PyTorch 2.7 has no kernel for
   * a root mean square norm.
   */
  CUDA(
      "torch.linear(x, weight, bias)",
      """
      torch.unflatten(torch._addmm_activation(unchecked_cast(Tensor, bias), torch.flatten(x, 0, -2), \
      torch.t(weight), use_gelu=True), 0, torch.slice(torch.size(x), 0, -1, 1))"""
          .strip(),
      """
        return torch.scaled_dot_product_attention(q, k, v)
      """,
      """
        if torch.__contains__(w, down):
          both = torch.cat([a, b], -1)
          z = self.low_rank(w, down, up, both, torch.linear(both, weight, bias))
        else:
          n = torch.size(a, -1)
          z = torch.linear(a, torch.narrow(weight, 1, 0, n), bias)
          rest = torch.t(torch.narrow(weight, 1, n, torch.size(b, -1)))
          _0 = torch.addmm_(torch.flatten(z, 0, -2), torch.flatten(b, 0, -2), rest)
        return z
      """,
      """
        D = torch.size(x, -1)
        parts = annotate(List[Tensor], [])
        for i in range(torch.size(x, 0)):
          weight = torch.flatten(torch.add(torch.select(scale, 0, i), 1))
          bias = torch.flatten(torch.select(shift, 0, i))
          _0 = torch.append(parts, torch.layer_norm(torch.select(x, 0, i), [D], weight, bias, eps))
        if torch.eq(torch.len(parts), 1):
          z = torch.unsqueeze(parts[0], 0)
        else:
          z = torch.stack(parts, 0)
        return z
      """,
      """
        x = parts[0]
        d = torch.size(x, -1)
        z = torch.empty([torch.size(x, 0), torch.size(pe, 0), torch.size(x, 2), d], dtype=6, device=ops.prim.device(x))
        norms = annotate(List[Tensor], [])
        at = 0
        for i in range(torch.len(parts)):
          part = parts[i]
          n = torch.size(part, 1)
          weight = torch.mul(torch.to(weights[i], 6), torch.pow(d, 0.5))
          _0 = torch.mul(part, weight, out=torch.narrow(z, 1, at, n))
          _1 = torch.append(norms, torch.linalg_vector_norm(part, 2, [-1], True, dtype=6))
          at = torch.add(at, n)
        if torch.eq(torch.len(norms), 1):
          norm = norms[0]
        else:
          norm = torch.cat(norms, 1)
        norm = torch.hypot(norm, torch.tensor(torch.pow(torch.mul(eps, d), 0.5)))
        pairs = torch.view_as_complex(torch.unflatten(z, -1, [-1, 2]))
        _2 = torch.mul_(pairs, torch.unsqueeze(torch.view_as_complex(pe), 1))
        out = torch.empty(torch.size(z), dtype=ops.prim.dtype(x), device=ops.prim.device(x))
        _3 = torch.div(z, norm, out=out)
        return out
      """,
      """
        return torch._scaled_mm(rows, torch.t(weight), row_scales, scales, bias, None, dtype, True)
      """,
      Texts.FLOAT8_JOINED_PRODUCT),

  /**
   * As {@link #CUDA}, with cuDNN's attention by its own name: on a Hopper GPU FlashAttention, which
   * PyTorch 2.7 takes, needs twice as long. Versions of cuDNN as old as that PyTorch's are wrong
   * with sequences that are no multiple of 128 (PyTorch's issue 169849), so it gets no others. And
   * with float8 products of some columns of a matrix, which the kernel for Ada takes for whole
   * ones.
   */
  HOPPER(
      CUDA,
      """
        T = torch.size(q, 2)
        d = torch.size(q, 3)
        isNarrow = torch.ne(ops.prim.dtype(q), 6)
        isWhole = torch.__and__(torch.eq(torch.remainder(T, 128), 0), torch.eq(torch.size(k, 2), T))
        fits = torch.__and__(torch.le(d, 128), torch.eq(torch.remainder(d, 8), 0))
        if torch.__and__(isNarrow, torch.__and__(isWhole, fits)):
          out = (torch._scaled_dot_product_cudnn_attention(q, k, v, None, False, 0., False, False))[0]
        else:
          out = torch.scaled_dot_product_attention(q, k, v)
        return out
      """,
      """
        n = torch.size(a, -1)
        rows, row_scales = self.float8_rows(a)
        y = self.float8_product(rows, row_scales, torch.narrow(weight, 1, 0, n), scales, bias, dtype)
        more, more_scales = self.float8_rows(b)
        rest = torch.narrow(weight, 1, n, torch.size(b, -1))
        return torch.add_(y, self.float8_product(more, more_scales, rest, scales, None, dtype))
      """);

  /** What devices have in common; constants of an enum can not be used by its values. */
  private static final class Texts {
    static final String JOINED_LINEAR =
        """
          both = torch.cat([a, b], -1)
          return self.low_rank(w, down, up, both, self.linear(both, weight, bias))
        """;

    static final String ADA_LAYER_NORM =
        """
          normed = torch.layer_norm(x, [torch.size(x, -1)], None, None, eps)
          return torch.addcmul(shift, normed, torch.add(scale, 1))
        """;

    static final String FLOAT8_PRODUCT =
        """
          y = torch.mul(torch.mul_(self.linear(torch.to(rows, 6), torch.to(weight, 6), None), row_scales), scales)
          if torch.__isnot__(bias, None):
            _0 = torch.add_(y, unchecked_cast(Tensor, bias))
          return torch.to(y, dtype)
        """;

    static final String FLOAT8_JOINED_PRODUCT =
        """
          rows, row_scales = self.float8_rows(torch.cat([a, b], -1))
          return self.float8_product(rows, row_scales, weight, scales, bias, dtype)
        """;

    static final String ROTARY_HEADS =
        """
          normed = annotate(List[Tensor], [])
          for i in range(torch.len(parts)):
            _0 = torch.append(normed, torch.rms_norm(parts[i], [torch.size(parts[i], -1)], weights[i], eps))
          if torch.eq(torch.len(normed), 1):
            x = normed[0]
          else:
            x = torch.cat(normed, 1)
          pairs = torch.view_as_complex(torch.unflatten(torch.to(x, 6), -1, [-1, 2]))
          turned = torch.mul(pairs, torch.unsqueeze(torch.view_as_complex(pe), 1))
          return torch.to(torch.flatten(torch.view_as_real(turned), -2, -1), ops.prim.dtype(x))
        """;
  }

  private static final int HOPPER_CAPABILITY = 9;

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

  private static final String JOINED_LINEAR =
      """
      def joined_linear(self: %s, w: Dict[str, Tensor], down: str, up: str, a: Tensor, b: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
      %s""";

  private static final String ADA_LAYER_NORM =
      """
      def ada_layer_norm(self: %s, x: Tensor, shift: Tensor, scale: Tensor, eps: float) -> Tensor:
      %s""";

  private static final String ROTARY_HEADS =
      """
      def rotary_heads(self: %s, parts: List[Tensor], weights: List[Tensor], pe: Tensor, eps: float) -> Tensor:
      %s""";

  private static final String FLOAT8_PRODUCT =
      """
      def float8_product(self: %s, rows: Tensor, row_scales: Tensor, weight: Tensor, scales: Tensor, bias: Optional[Tensor], dtype: int) -> Tensor:
      %s""";

  private static final String FLOAT8_JOINED_PRODUCT =
      """
      def float8_joined_product(self: %s, a: Tensor, b: Tensor, weight: Tensor, scales: Tensor, bias: Optional[Tensor], dtype: int) -> Tensor:
      %s""";

  private static final String ATTENTION =
      """
      def attention(self: %s, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
      %s""";

  private final String linear;
  private final String linearGeluTanh;
  private final String attention;
  private final String joinedLinear;
  private final String adaLayerNorm;
  private final String rotaryHeads;
  private final String float8Product;
  private final String float8JoinedProduct;

  Kernels(
      String linear,
      String linearGeluTanh,
      String attention,
      String joinedLinear,
      String adaLayerNorm,
      String rotaryHeads,
      String float8Product,
      String float8JoinedProduct) {
    this.linear = linear;
    this.linearGeluTanh = linearGeluTanh;
    this.attention = attention;
    this.joinedLinear = joinedLinear;
    this.adaLayerNorm = adaLayerNorm;
    this.rotaryHeads = rotaryHeads;
    this.float8Product = float8Product;
    this.float8JoinedProduct = float8JoinedProduct;
  }

  Kernels(Kernels other, String attention, String float8JoinedProduct) {
    this(
        other.linear,
        other.linearGeluTanh,
        attention,
        other.joinedLinear,
        other.adaLayerNorm,
        other.rotaryHeads,
        other.float8Product,
        float8JoinedProduct);
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
    boolean isFloat8 = body.contains("self.float8_product(");
    if (body.contains("self.linear") || body.contains("self.joined_linear(") || isFloat8) {
      text.append(LINEAR.formatted(self, linear));
    }
    if (body.contains("self.linear_gelu_tanh(")) {
      text.append(LINEAR_GELU_TANH.formatted(self, linearGeluTanh));
    }
    if (isFloat8) {
      text.append(FLOAT8_PRODUCT.formatted(self, float8Product));
      text.append(FLOAT8_JOINED_PRODUCT.formatted(self, float8JoinedProduct));
    }
    if (body.contains("self.attention(")) {
      text.append(ATTENTION.formatted(self, attention));
    }
    if (body.contains("self.joined_linear(")) {
      text.append(JOINED_LINEAR.formatted(self, joinedLinear));
    }
    if (body.contains("self.ada_layer_norm(")) {
      text.append(ADA_LAYER_NORM.formatted(self, adaLayerNorm));
    }
    if (body.contains("self.rotary_heads(")) {
      text.append(ROTARY_HEADS.formatted(self, rotaryHeads));
    }
    return text.toString().indent(2);
  }

  /** The fastest that a device has. */
  static Kernels of(Device device) {
    return device.isCuda()
        ? OfGpus.KERNELS.computeIfAbsent(device, Kernels::ofGpu)
        : OfThisProcessor.KERNELS;
  }

  private static Kernels ofGpu(Device gpu) {
    boolean isHopper = CudaDriver.computeCapability(gpu).orElse(0) == HOPPER_CAPABILITY;
    return isHopper && CudnnAttention.worksOn(gpu) ? HOPPER : CUDA;
  }

  private static final class OfGpus {
    static final Map<Device, Kernels> KERNELS = new ConcurrentHashMap<>();
  }

  private static final class OfThisProcessor {
    static final Kernels KERNELS = PackedWeights.isPossible() ? ONEDNN : PORTABLE;
  }
}
