package io.fluxspark.program;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Methods called one after another, whose gradients are computed with little memory: only what each
 * step is given is kept, and on the way back each step is made again (Chen et al. 2016, "Training
 * Deep Nets with Sublinear Memory Cost"). A stack of layers counts as a step a layer.
 *
 * <p>Values have names; a step's results may take the names of its arguments. Names that no earlier
 * step gives are the chain's inputs.
 */
public final class Chain {
  private final String name;
  private final DataType type;
  private final List<Step> steps = new ArrayList<>();

  /**
   * @param type in which the methods compute
   */
  public Chain(String name, DataType type) {
    this.name = name;
    this.type = type;
  }

  /**
   * @param stack null for a single call, with the weights that are in no stack
   * @param takesWeights whether the method's first parameter is its weights
   */
  private record Step(
      Method method,
      Gradient.Stack stack,
      boolean takesWeights,
      List<String> arguments,
      List<String> results) {}

  /**
   * Adds a call.
   *
   * @param results names of what it gives
   * @param arguments names of what it is given, after the weights where the method takes them
   */
  public Chain call(Method method, List<String> results, String... arguments) {
    boolean takesWeights = !method.weightNames().isEmpty();
    steps.add(new Step(method, null, takesWeights, List.of(arguments), results));
    return this;
  }

  /**
   * Adds a stack of layers, see {@link Method#forEachLayer}.
   *
   * @param carried names of what each layer gives the next
   * @param constants names of what every layer is given after that
   */
  public Chain forEachLayer(
      Method layer, Gradient.Stack stack, List<String> carried, String... constants) {
    List<String> arguments = Stream.concat(carried.stream(), Stream.of(constants)).toList();
    steps.add(new Step(layer, stack, true, arguments, carried));
    return this;
  }

  String name() {
    return name;
  }

  /** What callers give. */
  List<String> inputs() {
    Set<String> known = new LinkedHashSet<>();
    Set<String> inputs = new LinkedHashSet<>();
    for (Step step : steps) {
      step.arguments().stream().filter(a -> !known.contains(a)).forEach(inputs::add);
      known.addAll(step.results());
    }
    return List.copyOf(inputs);
  }

  /** What the last step gives. */
  List<String> results() {
    return steps.get(steps.size() - 1).results();
  }

  /** The lines of the method that computes its gradients. */
  String gradientBody(List<String> wanted) {
    Gradient.Lines lines = new Gradient.Lines();
    Set<String> derived = new LinkedHashSet<>(wanted);
    steps.forEach(step -> derived.addAll(step.results()));
    // Added to a step's results, so that also one that hangs on frozen weights alone has a
    // gradient.
    lines.add("zero = torch.requires_grad_(torch.zeros(annotate(List[int], []), dtype=6))");
    inputs().forEach(input -> lines.add("v_%s = torch.clone(%s)".formatted(input, input)));
    lines.add("w_plain = annotate(Dict[str, Tensor], {})");
    lines.add("own = annotate(Dict[str, Tensor], {})");
    lines.add("own_sums = annotate(Dict[str, Tensor], {})");
    lines.add("for name in torch.keys(w):");
    lines.add("  if torch.__contains__(sums, name):");
    lines.add("    value = self.gradient_value(name, w[name], %d)".formatted(type.code()));
    lines.add("  else:");
    lines.add("    value = w[name]");
    lines.add("  torch._set_item(w_plain, name, value)");
    lines.add("  if torch.__not__(%s):".formatted(inAnyStack()));
    lines.add("    torch._set_item(own, name, w[name])");
    lines.add("    if torch.__contains__(sums, name):");
    lines.add("      torch._set_item(own_sums, name, sums[name])");
    for (int i = 0; i < steps.size(); i++) {
      forward(lines, i);
    }
    derived.forEach(value -> lines.add("g_%s = torch.zeros_like(v_%s)".formatted(value, value)));
    for (int i = 0; i < results().size(); i++) {
      lines.add("g_%s = gradient_%d".formatted(results().get(i), i));
    }
    for (int i = steps.size() - 1; i >= 0; i--) {
      backward(lines, i, derived);
    }
    lines.add(
        "return [%s]"
            .formatted(
                Stream.concat(
                        results().stream().map(result -> "v_" + result),
                        wanted.stream().map(input -> "g_" + input))
                    .collect(Collectors.joining(", "))));
    return lines.toString();
  }

  private String inAnyStack() {
    return steps.stream()
        .filter(step -> step.stack() != null)
        .map(step -> "torch.startswith(name, \"" + step.stack().prefix() + "\")")
        .reduce((a, b) -> "torch.__or__(" + a + ", " + b + ")")
        .orElse("False");
  }

  /** The way there, without gradients; what each step is given is kept. */
  private void forward(Gradient.Lines lines, int i) {
    Step step = steps.get(i);
    String results = names("v_", step.results());
    String arguments = names("v_", step.arguments());
    if (step.stack() == null) {
      step.arguments().forEach(a -> lines.add("k%d_%s = v_%s".formatted(i, a, a)));
      lines.add(
          "%s = self.%s(%s%s)"
              .formatted(
                  results,
                  step.method().name(),
                  step.takesWeights() ? "w_plain, " : "",
                  arguments));
      return;
    }
    step.results().forEach(a -> lines.add("k%d_%s = annotate(List[Tensor], [])".formatted(i, a)));
    lines.add("for i in range(%d):".formatted(step.stack().count()));
    step.results().forEach(a -> lines.add("  _0 = torch.append(k%d_%s, v_%s)".formatted(i, a, a)));
    lines.add(
        "  %s = self.%s(self.gradient_layer(w_plain, torch.format(\"%s{}.\", i)), %s)"
            .formatted(results, step.method().name(), step.stack().prefix(), arguments));
  }

  private void backward(Gradient.Lines lines, int i, Set<String> derived) {
    Step step = steps.get(i);
    if (step.stack() == null) {
      lines.add("step_sums = own_sums");
      lines.add("step_w = own");
      step.arguments().forEach(a -> lines.add("a_%s = torch.detach(k%d_%s)".formatted(a, i, a)));
      derive(lines, "", step, derived);
      return;
    }
    lines.add("for i in range(%d):".formatted(step.stack().count()));
    lines.add("  k = torch.sub(%d, i)".formatted(step.stack().count() - 1));
    lines.add("  prefix = torch.format(\"%s{}.\", k)".formatted(step.stack().prefix()));
    lines.add("  step_sums = self.gradient_layer(sums, prefix)");
    lines.add("  step_w = self.gradient_layer(w, prefix)");
    for (String a : step.arguments()) {
      lines.add(
          step.results().contains(a)
              ? "  a_%s = torch.detach(k%d_%s[k])".formatted(a, i, a)
              : "  a_%s = v_%s".formatted(a, a));
    }
    derive(lines, "  ", step, derived);
  }

  /** One step again, with gradients, which are added to those of its arguments. */
  private void derive(Gradient.Lines lines, String indent, Step step, Set<String> derived) {
    List<String> by = step.arguments().stream().filter(derived::contains).toList();
    lines.add("%sleaves = annotate(List[Tensor], [])".formatted(indent));
    lines.add(
        "%sstep_weights = self.gradient_leaves(step_w, step_sums, %d, leaves)"
            .formatted(indent, type.code()));
    for (String a : by) {
      lines.add("%sl_%s = torch.requires_grad_(torch.detach(a_%s))".formatted(indent, a, a));
      lines.add("%s_1 = torch.append(leaves, l_%s)".formatted(indent, a));
    }
    String arguments =
        step.arguments().stream()
            .map(a -> (by.contains(a) ? "l_" : "a_") + a)
            .collect(Collectors.joining(", "));
    lines.add(
        "%s%s = self.%s(%s%s)"
            .formatted(
                indent,
                names("r_", step.results()),
                step.method().name(),
                step.takesWeights() ? "step_weights, " : "",
                arguments));
    for (String result : step.results()) {
      lines.add("%sr_%s = torch.add(r_%s, zero)".formatted(indent, result, result));
    }
    lines.add(
        ("%sgradients = torch.grad([%s], leaves, annotate(List[Optional[Tensor]], [%s]), None,"
                + " False, True)")
            .formatted(indent, names("r_", step.results()), names("g_", step.results())));
    lines.add("%sself.gradient_sums(step_sums, gradients)".formatted(indent));
    step.results().stream()
        .filter(step.arguments()::contains)
        .forEach(a -> lines.add("%sg_%s = torch.zeros_like(g_%s)".formatted(indent, a, a)));
    IntStream.range(0, by.size())
        .forEach(
            n ->
                lines.add(
                    ("%sg_%s = self.gradient_added(g_%s, gradients[torch.add(torch.len(step_sums),"
                            + " %d)])")
                        .formatted(indent, by.get(n), by.get(n), n)));
  }

  private static String names(String prefix, List<String> names) {
    return names.stream().map(name -> prefix + name).collect(Collectors.joining(", "));
  }
}
