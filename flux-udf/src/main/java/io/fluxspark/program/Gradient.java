package io.fluxspark.program;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What computes a method's gradients, by PyTorch's autograd: for given gradients of its results it
 * adds those of the weights that are trained to {@code sums}, and gives the method's results and
 * the gradients of those inputs that were asked for.
 *
 * <p>Weights come as one map, under their full names; those that {@code sums} has too are trained.
 * They are float32 and are converted to the type in which the method computes, where gradients pass
 * through.
 */
public final class Gradient {
  /** The map of all weights in an argument list. */
  static final String WEIGHTS = "w";

  /** The map of the gradients' sums in an argument list. */
  static final String SUMS = "sums";

  private static final String GRADIENT = "gradient_";

  /**
   * A list of layers' weights that a method takes.
   *
   * @param parameter the list's name in the method
   * @param prefix what stands in front of the layer's number in full names, with its dot
   * @param count how many layers
   */
  public record Stack(String parameter, String prefix, int count) {}

  private final Program program;
  private final Method of;
  private final List<Stack> stacks;
  private final Set<String> wanted;

  Gradient(Program program, Method of, List<Stack> stacks, Set<String> wanted) {
    this.program = program;
    this.of = of;
    this.stacks = List.copyOf(stacks);
    this.wanted = Set.copyOf(wanted);
    for (String input : wanted) {
      if (!of.inputNames().contains(input)) {
        throw new IllegalArgumentException(
            "method " + of.name() + ": there is no input " + input + " to derive by");
      }
    }
  }

  String name() {
    return of.name() + "_gradient";
  }

  /** The method's inputs in their order, without weights. */
  List<String> inputs() {
    return of.inputNames();
  }

  int results() {
    return of.resultCount();
  }

  static String gradientName(int result) {
    return GRADIENT + result;
  }

  private String gradientList(String prefix, String suffix) {
    return IntStream.range(0, results())
        .mapToObj(i -> prefix + i + suffix)
        .collect(Collectors.joining(", "));
  }

  /** The names of the inputs whose gradients are given, in the method's order. */
  List<String> wantedInOrder() {
    return inputs().stream().filter(wanted::contains).toList();
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append("  def ").append(name()).append("(self: ").append(program.qualifiedName());
    text.append(",\n      w: Dict[str, Tensor],\n      sums: Dict[str, Tensor]");
    inputs().forEach(input -> text.append(",\n      ").append(input).append(": Tensor"));
    text.append(",\n      ").append(gradientList(GRADIENT, ": Tensor"));
    text.append(") -> List[Tensor]:\n");
    line(text, "leaves = annotate(List[Tensor], [])");
    line(
        text,
        "weights = self.gradient_leaves(w, sums, %d, leaves)".formatted(of.weightType().code()));
    for (Stack stack : stacks) {
      line(text, stack.parameter() + " = annotate(List[Dict[str, Tensor]], [])");
      line(text, "for i in range(" + stack.count() + "):");
      line(
          text,
          "  _0 = torch.append(%s, self.gradient_layer(weights, torch.format(\"%s{}.\", i)))"
              .formatted(stack.parameter(), stack.prefix()));
    }
    for (String input : inputs()) {
      // What was made in inference mode cannot be kept for the way back; its copy can.
      line(text, input + "_0 = torch.clone(" + input + ")");
      if (wanted.contains(input)) {
        line(text, input + "_1 = torch.requires_grad_(" + input + "_0)");
        line(text, "_1 = torch.append(leaves, " + input + "_1)");
      }
    }
    line(text, gradientList("result_", "") + " = self." + of.name() + "(" + arguments() + ")");
    line(
        text,
        "gradients = torch.grad([%s], leaves, annotate(List[Optional[Tensor]], [%s]), None, False, True)"
            .formatted(gradientList("result_", ""), gradientList(GRADIENT, "")));
    line(text, "self.gradient_sums(sums, gradients)");
    line(text, "out = annotate(List[Tensor], [])");
    for (int i = 0; i < results(); i++) {
      line(text, "_2 = torch.append(out, torch.detach(result_" + i + "))");
    }
    line(text, "for k in range(torch.sub(torch.len(gradients), torch.len(sums))):");
    line(
        text,
        "  _3 = torch.append(out, unchecked_cast(Tensor, gradients[torch.add(torch.len(sums), k)]))");
    line(text, "return out");
    return text.toString();
  }

  private String arguments() {
    Set<String> lists = stacks.stream().map(Stack::parameter).collect(Collectors.toSet());
    return of.parameterNames().stream()
        .map(
            name -> {
              if (inputs().contains(name)) {
                return name + (wanted.contains(name) ? "_1" : "_0");
              }
              return lists.contains(name) ? name : "weights";
            })
        .collect(Collectors.joining(", "));
  }

  private static void line(StringBuilder text, String line) {
    text.append("    ").append(line).append('\n');
  }

  /** What all gradients of a program share. */
  static String shared(String self, double lowRankFactor) {
    return """
      def gradient_leaves(self: %1$s, w: Dict[str, Tensor], sums: Dict[str, Tensor], dtype: int, leaves: List[Tensor]) -> Dict[str, Tensor]:
        weights = torch.copy(w)
        for name in torch.keys(sums):
          leaf = torch.requires_grad_(torch.detach(w[name]))
          _0 = torch.append(leaves, leaf)
          if torch.endswith(name, "%2$s"):
            value = torch.mul(torch.to(leaf, dtype), %3$s)
          else:
            value = torch.to(leaf, dtype)
          torch._set_item(weights, name, value)
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
      """
        .formatted(self, Method.LORA_B, lowRankFactor)
        .indent(2);
  }
}
