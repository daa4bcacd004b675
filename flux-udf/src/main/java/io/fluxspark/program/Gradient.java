package io.fluxspark.program;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What computes gradients, by PyTorch's autograd: for given gradients of some results it adds those
 * of the weights that are trained to {@code sums}, and gives the results and the gradients of those
 * inputs that were asked for.
 *
 * <p>Weights come as one map, under their full names; those that {@code sums} has too are trained.
 * They are float32 and are converted to the type in which the program computes, where gradients
 * pass through.
 */
public final class Gradient {
  /** The map of all weights in an argument list. */
  static final String WEIGHTS = "w";

  /** The map of the gradients' sums in an argument list. */
  static final String SUMS = "sums";

  private static final String GRADIENT = "gradient_";

  private final String name;
  private final List<String> inputs;
  private final int results;
  private final String body;

  /**
   * @param of what is derived
   * @param inputs of it, without weights
   * @param results how many it has
   * @param body lines of TorchScript
   */
  private Gradient(String of, List<String> inputs, int results, String body) {
    this.name = of + "_gradient";
    this.inputs = List.copyOf(inputs);
    this.results = results;
    this.body = body;
  }

  /**
   * A list of layers' weights that a method takes.
   *
   * @param parameter the list's name in the method
   * @param prefix what stands in front of the layer's number in full names, with its dot
   * @param count how many layers
   */
  public record Stack(String parameter, String prefix, int count) {}

  /** Of a method: everything that the way back needs is kept on the way there. */
  static Gradient of(Method of, List<Stack> stacks, List<String> wanted) {
    requireInputs(of.name(), of.inputNames(), wanted);
    Lines lines = new Lines();
    lines.add("leaves = annotate(List[Tensor], [])");
    lines.add(
        "weights = self.gradient_leaves(w, sums, %d, leaves)".formatted(of.weightType().code()));
    for (Stack stack : stacks) {
      lines.add("%s = annotate(List[Dict[str, Tensor]], [])".formatted(stack.parameter()));
      lines.add("for i in range(%d):".formatted(stack.count()));
      lines.add(
          "  _0 = torch.append(%s, self.gradient_layer(weights, torch.format(\"%s{}.\", i)))"
              .formatted(stack.parameter(), stack.prefix()));
    }
    for (String input : of.inputNames()) {
      // What was made in inference mode cannot be kept for the way back; its copy can.
      lines.add("%s_0 = torch.clone(%s)".formatted(input, input));
    }
    for (String input : wanted) {
      lines.add("_1 = torch.append(leaves, torch.requires_grad_(%s_0))".formatted(input));
    }
    List<String> lists = stacks.stream().map(Stack::parameter).toList();
    String arguments =
        of.parameterNames().stream()
            .map(
                name ->
                    of.inputNames().contains(name)
                        ? name + "_0"
                        : lists.contains(name) ? name : "weights")
            .collect(Collectors.joining(", "));
    String made = list("result_", "", of.resultCount());
    lines.add("%s = self.%s(%s)".formatted(made, of.name(), arguments));
    lines.add(
        ("gradients = torch.grad([%s], leaves, annotate(List[Optional[Tensor]], [%s]), None, False,"
                + " True)")
            .formatted(made, list(GRADIENT, "", of.resultCount())));
    lines.add("self.gradient_sums(sums, gradients)");
    lines.add("out = annotate(List[Tensor], [])");
    for (int i = 0; i < of.resultCount(); i++) {
      lines.add("_2 = torch.append(out, torch.detach(result_%d))".formatted(i));
    }
    lines.add("for k in range(torch.sub(torch.len(gradients), torch.len(sums))):");
    lines.add(
        "  _3 = torch.append(out, unchecked_cast(Tensor, gradients[torch.add(torch.len(sums), k)]))");
    lines.add("return out");
    return new Gradient(of.name(), of.inputNames(), of.resultCount(), lines.toString());
  }

  /** Of a chain: each step is made again on the way back, from what it was given. */
  static Gradient of(Chain chain, List<String> wanted) {
    requireInputs(chain.name(), chain.inputs(), wanted);
    return new Gradient(
        chain.name(), chain.inputs(), chain.results().size(), chain.gradientBody(wanted));
  }

  private static void requireInputs(String of, List<String> inputs, List<String> wanted) {
    for (String input : wanted) {
      if (!inputs.contains(input)) {
        throw new IllegalArgumentException(of + ": there is no input " + input + " to derive by");
      }
    }
  }

  String name() {
    return name;
  }

  /** The names of what callers give, without weights. */
  List<String> inputs() {
    return inputs;
  }

  /** The names of the results' gradients, which callers give. */
  List<String> gradients() {
    return IntStream.range(0, results).mapToObj(i -> GRADIENT + i).toList();
  }

  private static String list(String prefix, String suffix, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> prefix + i + suffix)
        .collect(Collectors.joining(", "));
  }

  String text(String self) {
    StringBuilder text = new StringBuilder();
    text.append("  def ").append(name).append("(self: ").append(self);
    text.append(",\n      w: Dict[str, Tensor],\n      sums: Dict[str, Tensor]");
    inputs.forEach(input -> text.append(",\n      ").append(input).append(": Tensor"));
    text.append(",\n      ").append(list(GRADIENT, ": Tensor", results));
    return text.append(") -> List[Tensor]:\n").append(body).toString();
  }

  /** Lines of a method's body. */
  static final class Lines {
    private final StringBuilder text = new StringBuilder();

    void add(String line) {
      text.append("    ").append(line).append('\n');
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }

  /** What all gradients of a program share. */
  static String shared(String self, double lowRankFactor) {
    return """
      def gradient_value(self: %1$s, name: str, weight: Tensor, dtype: int) -> Tensor:
        if torch.endswith(name, "%2$s"):
          value = torch.mul(torch.to(weight, dtype), %3$s)
        else:
          value = torch.to(weight, dtype)
        return value
      def gradient_leaves(self: %1$s, w: Dict[str, Tensor], sums: Dict[str, Tensor], dtype: int, leaves: List[Tensor]) -> Dict[str, Tensor]:
        weights = torch.copy(w)
        for name in torch.keys(sums):
          leaf = torch.requires_grad_(torch.detach(w[name]))
          _0 = torch.append(leaves, leaf)
          torch._set_item(weights, name, self.gradient_value(name, leaf, dtype))
        return weights
      def gradient_layer(self: %1$s, w: Dict[str, Tensor], prefix: str) -> Dict[str, Tensor]:
        layer = annotate(Dict[str, Tensor], {})
        for name in torch.keys(w):
          if torch.startswith(name, prefix):
            torch._set_item(layer, torch.slice(name, torch.len(prefix), 9223372036854775807, 1), w[name])
        return layer
      def gradient_sums(self: %1$s, sums: Dict[str, Tensor], gradients: List[Optional[Tensor]]) -> None:
        names = torch.keys(sums)
        for i in range(torch.len(names)):
          gradient = gradients[i]
          if torch.__isnot__(gradient, None):
            _0 = torch.add_(sums[names[i]], unchecked_cast(Tensor, gradient))
        return None
      def gradient_added(self: %1$s, sum: Tensor, gradient: Optional[Tensor]) -> Tensor:
        if torch.__isnot__(gradient, None):
          both = torch.add(sum, unchecked_cast(Tensor, gradient))
        else:
          both = sum
        return both
      """
        .formatted(self, Method.LORA_B, lowRankFactor)
        .indent(2);
  }
}
