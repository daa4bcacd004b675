package io.fluxspark.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A method of a tensor program under construction. Inputs are declared first, in the order in which
 * callers give them; then operations on them write the body; {@link #returns} ends it.
 */
public final class Method {
  /** What the names of a layer's low-rank factors end with. */
  public static final String LORA_A = ".lora_A";

  public static final String LORA_B = ".lora_B";

  /** What the name of the scale of a weight in float8 ends with. */
  public static final String SCALE = "_scale";

  private static final String INDENT = "    ";

  /** Operations whose result shares the memory of what they are given. */
  private static final Set<String> VIEWS =
      Set.of(
          "flatten", "narrow", "permute", "select", "slice", "transpose", "unflatten", "unsqueeze");

  private static final Pattern NAME = Pattern.compile("\"[^\"]*\"|(?<![.\\w])[A-Za-z_]\\w*");

  private static final String LAYERS = "List[Dict[str, Tensor]]";

  private final Program program;
  private final String name;
  private final List<Parameter> parameters = new ArrayList<>();
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final Map<String, Weights> weights = new LinkedHashMap<>();
  private final Set<String> given = new LinkedHashSet<>();
  private final Set<String> sizes = new LinkedHashSet<>();
  private final List<String> lines = new ArrayList<>();
  private final Map<String, Integer> taken = new HashMap<>();
  private final List<Operation> operations = new ArrayList<>();
  private final Set<String> variables = new HashSet<>();
  private final List<Operation.Block> passing = new ArrayList<>();
  private final List<Operation.Block> brought = new ArrayList<>();
  private List<Tensor> results;

  Method(Program program, String name) {
    this.program = program;
    this.name = name;
  }

  /** What callers give, in TorchScript's terms. */
  private record Parameter(String name, String type) {
    @Override
    public String toString() {
      return name + ": " + type;
    }
  }

  private void declare(String parameter, String type) {
    if (!take(parameter).equals(parameter)) {
      throw new IllegalArgumentException(
          "method " + name + ": the name " + parameter + " is taken already");
    }
    parameters.add(new Parameter(parameter, type));
  }

  /** A tensor that callers give; names of sizes in its shape are bound by it. */
  public Tensor input(String parameter, DataType type, Dim... shape) {
    declare(parameter, "Tensor");
    Tensor input = new Tensor(this, parameter, type, Arrays.asList(shape));
    inputs.put(parameter, input);
    variables.add(parameter);
    return input;
  }

  /** Weights that callers give, all of one type. */
  public Weights weights(String parameter, DataType type) {
    declare(parameter, "Dict[str, Tensor]");
    return declared(
        new Weights(this, parameter, type, WeightStorage.AS_COMPUTED, (name, x, y) -> y));
  }

  /**
   * As {@link #weights}; beside a linear layer NAME callers may give {@code NAME.lora_A} (rank, in)
   * and {@code NAME.lora_B} (out, rank), whose product is added to the layer's weight.
   *
   * @param storage how callers give the matrices of linear layers
   */
  public Weights adaptableWeights(String parameter, DataType type, WeightStorage storage) {
    declare(parameter, "Dict[str, Tensor]");
    program.allowLowRank();
    return declared(
        new Weights(
            this,
            parameter,
            type,
            storage,
            (name, x, y) ->
                assign(
                    "low_rank",
                    "self.low_rank(%s, %s, %s)".formatted(lowRank(parameter, name), x, y),
                    y.type(),
                    y.shape())));
  }

  /** Weights, and the names of a layer's low-rank factors that may be among them. */
  String lowRank(String parameter, String layer) {
    program.allowLowRank();
    return "%s, \"%s%s\", \"%s%s\"".formatted(parameter, layer, LORA_A, layer, LORA_B);
  }

  void addMatrix(String weight, WeightStorage storage) {
    program.addMatrix(weight, storage);
  }

  /** As {@link #adaptableWeights(String, DataType, WeightStorage)}, all of one type. */
  public Weights adaptableWeights(String parameter, DataType type) {
    return adaptableWeights(parameter, type, WeightStorage.AS_COMPUTED);
  }

  /** A weight as an expression. */
  static String entry(String parameter, String name) {
    return parameter + "[\"" + name + "\"]";
  }

  /** A weight that may be in float8, as an expression that has the type in which it computes. */
  static String dense(String parameter, String name, DataType type) {
    return "self.dense(%s, \"%s\", \"%s%s\", %d)"
        .formatted(parameter, name, name, SCALE, type.code());
  }

  private Weights declared(Weights declared) {
    weights.put(declared.toString(), declared);
    return declared;
  }

  /** A size that callers give as a number. */
  public Dim size(String parameter) {
    declare(parameter, "int");
    given.add(parameter);
    return Dim.named(parameter);
  }

  /** Seeds of random generators that callers give, {@code rows} of them. */
  public Seeds seeds(String parameter, Dim rows) {
    declare(parameter, "List[int]");
    return new Seeds(parameter, rows);
  }

  /** See {@link #seeds}. */
  public record Seeds(String parameter, Dim rows) {}

  /**
   * Standard normal numbers as diffusers draws them for a list of CPU generators: row b comes from
   * a generator of its own, seeded with the b-th seed, which draws float32 tensors of (1, rowShape)
   * one after another.
   *
   * @param draws how many each generator draws
   * @return (rows, draws, rowShape), float32
   */
  public Tensor normal(Seeds seeds, Dim draws, Dim... rowShape) {
    String shape =
        Arrays.stream(rowShape).map(this::use).collect(Collectors.joining(", ", "[1, ", "]"));
    String count = use(draws);
    String drawn = take("rows");
    String seed = take("seed");
    String generator = take("generator");
    lines.add(INDENT + drawn + " = annotate(List[Tensor], [])");
    lines.add(INDENT + "for " + seed + " in " + seeds.parameter() + ":");
    lines.add(
        INDENT
            + "  "
            + generator
            + " = torch.Generator(device=torch.device(\"cpu\"), seed="
            + seed
            + ")");
    lines.add(INDENT + "  for _1 in range(" + count + "):");
    lines.add(
        INDENT
            + "    _0 = torch.append("
            + drawn
            + ", torch.randn("
            + shape
            + ", generator="
            + generator
            + "))");
    List<Dim> out = new ArrayList<>(List.of(seeds.rows(), draws));
    out.addAll(Arrays.asList(rowShape));
    return assign(
        "normal",
        "torch.unflatten(torch.cat(" + drawn + "), 0, [-1, " + count + "])",
        DataType.FLOAT32,
        out);
  }

  /** The numbers 0 to {@code end} - 1, float32 of (end), on the device where {@code beside} is. */
  public Tensor arange(long end, Tensor beside) {
    return assign(
        "arange",
        "torch.arange(%d, dtype=6, device=ops.prim.device(%s))".formatted(end, beside),
        DataType.FLOAT32,
        List.of(Dim.of(end)));
  }

  /**
   * Calls another method of the same program. The sizes of the arguments must be called the same in
   * both. Weights that are passed on must hold what the other method reads of them too.
   *
   * @param arguments tensors, weights and layers in the order in which the method declares them
   */
  public List<Tensor> call(Method callee, Object... arguments) {
    callee.checkArguments(arguments);
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] instanceof Weights passed) {
        passed.declare(callee.weightSpecs(callee.parameters.get(i).name()));
      }
    }
    String call =
        "self."
            + callee.name
            + "("
            + Arrays.stream(arguments).map(Object::toString).collect(Collectors.joining(", "))
            + ")";
    List<Tensor> out = new ArrayList<>();
    for (Tensor result : callee.results) {
      out.add(new Tensor(this, take(callee.name), result.type(), result.shape()));
    }
    List<String> tensors =
        Arrays.stream(arguments).filter(Tensor.class::isInstance).map(Object::toString).toList();
    record(callee, out, tensors, List.of(), 0);
    lines.add(
        INDENT
            + out.stream().map(Tensor::expression).collect(Collectors.joining(", "))
            + " = "
            + call);
    return out;
  }

  /**
   * Runs a method once a layer, each time with that layer's weights, from the first to the last.
   * Callers give the weights as a list.
   *
   * @param parameter the name of the list
   * @param layer a method whose first input is its weights and whose results have the types and
   *     shapes of its next inputs
   * @param carried what the first layer is given and each layer gives the next
   * @param constants what every layer is given after that
   * @return what the last layer gave
   */
  public List<Tensor> forEachLayer(
      String parameter, Method layer, List<Tensor> carried, Tensor... constants) {
    return forEachLayer(parameter, layer, carried, List.of(), constants);
  }

  /**
   * As {@link #forEachLayer(String, Method, List, Tensor...)}, where each layer is given tensors of
   * its own too.
   *
   * @param each has a place a layer on its first axis; a layer is given what is there, between what
   *     is carried and the constants
   */
  public List<Tensor> forEachLayer(
      String parameter,
      Method layer,
      List<Tensor> carried,
      List<Tensor> each,
      Tensor... constants) {
    return layers(parameter, "torch.len(" + parameter + ")", layer, carried, each, constants);
  }

  /** As {@link #forEachLayer(String, Method, List, List, Tensor...)}, of the first layer alone. */
  public List<Tensor> firstLayer(
      String parameter,
      Method layer,
      List<Tensor> carried,
      List<Tensor> each,
      Tensor... constants) {
    return layers(parameter, "1", layer, carried, each, constants);
  }

  /** As {@link #forEachLayer(String, Method, List, List, Tensor...)}, without the first layer. */
  public List<Tensor> otherLayers(
      String parameter,
      Method layer,
      List<Tensor> carried,
      List<Tensor> each,
      Tensor... constants) {
    return layers(parameter, "1, torch.len(" + parameter + ")", layer, carried, each, constants);
  }

  private List<Tensor> layers(
      String parameter,
      String places,
      Method layer,
      List<Tensor> carried,
      List<Tensor> each,
      Tensor... constants) {
    List<Object> arguments = new ArrayList<>(carried);
    each.forEach(tensor -> arguments.add(weight(tensor.expression(), tensor.type(), rest(tensor))));
    arguments.addAll(Arrays.asList(constants));
    layer.checkLayer(arguments);
    layer.checkResults(carried);
    declare(parameter, LAYERS);
    List<Tensor> state = new ArrayList<>();
    for (Tensor value : carried) {
      state.add(assign(layer.name, value.expression(), value.type(), value.shape()));
    }
    String targets = state.stream().map(Tensor::expression).collect(Collectors.joining(", "));
    String place = forEachPlace(places);
    List<String> given = new ArrayList<>(List.of(parameter + "[" + place + "]", targets));
    each.forEach(tensor -> given.add("torch.select(" + tensor + ", 0, " + place + ")"));
    Arrays.stream(constants).map(Tensor::expression).forEach(given::add);
    lines.add(INDENT + "  " + targets + " = self." + layer.name + call(given));
    List<String> carriedNames = state.stream().map(Tensor::expression).toList();
    List<String> tensors = new ArrayList<>(carriedNames);
    each.forEach(tensor -> tensors.add(tensor.expression()));
    Arrays.stream(constants).map(Tensor::expression).forEach(tensors::add);
    record(layer, state, tensors, carriedNames, 0);
    return state;
  }

  /**
   * What each layer gives of the same tensors.
   *
   * @param parameter the name of the list of weights, which callers give
   * @param count how many layers there are
   * @param layer a method whose first input is its weights and which gives one tensor
   * @param constants what every layer is given after its weights
   * @return (count, ...), where (...) is the shape of what a layer gives
   */
  public Tensor ofEachLayer(String parameter, long count, Method layer, Tensor... constants) {
    layer.checkLayer(Arrays.asList(constants));
    declare(parameter, LAYERS);
    String gathered = take("gathered");
    lines.add(INDENT + gathered + " = annotate(List[Tensor], [])");
    String place = forEachPlace("torch.len(" + parameter + ")");
    List<String> given = new ArrayList<>(List.of(parameter + "[" + place + "]"));
    Arrays.stream(constants).map(Tensor::expression).forEach(given::add);
    lines.add(
        INDENT + "  _0 = torch.append(" + gathered + ", self." + layer.name + call(given) + ")");
    Tensor result = layer.results.get(0);
    List<Dim> shape = new ArrayList<>(List.of(Dim.of(count)));
    shape.addAll(result.shape());
    Tensor all = written(layer.name, "torch.stack(" + gathered + ", 0)", result.type(), shape);
    List<String> tensors = Arrays.stream(constants).map(Tensor::expression).toList();
    record(layer, List.of(all), tensors, List.of(), count);
    return all;
  }

  private void record(
      Method callee,
      List<Tensor> results,
      List<String> arguments,
      List<String> carried,
      long layers) {
    results.forEach(result -> variables.add(result.expression()));
    operations.add(
        new Operation(
            results,
            arguments,
            Optional.empty(),
            Optional.of(callee),
            carried,
            layers,
            List.of(),
            List.of()));
  }

  private String forEachPlace(String places) {
    String place = take("place");
    lines.add(INDENT + "for " + place + " in range(" + places + "):");
    return place;
  }

  private static List<Dim> rest(Tensor tensor) {
    return tensor.shape().subList(1, tensor.shape().size());
  }

  private static String call(List<String> arguments) {
    return arguments.stream().collect(Collectors.joining(", ", "(", ")"));
  }

  private void checkLayer(List<?> arguments) {
    if (parameters.isEmpty() || !weights.containsKey(parameters.get(0).name())) {
      throw new IllegalArgumentException("method " + name + ": no weights come first");
    }
    List<Object> all = new ArrayList<>(List.of(weights.get(parameters.get(0).name())));
    all.addAll(arguments);
    checkArguments(all.toArray());
  }

  /** The weights of several layers that callers give, to be passed on. */
  public Layers layers(String parameter) {
    declare(parameter, LAYERS);
    return new Layers(parameter);
  }

  /** See {@link #layers}. */
  public record Layers(String parameter) {
    @Override
    public String toString() {
      return parameter;
    }
  }

  private void checkArguments(Object... arguments) {
    if (results == null) {
      throw new IllegalArgumentException("method " + name + " is called before it is finished");
    }
    if (arguments.length != parameters.size()) {
      throw new IllegalArgumentException(
          "method "
              + name
              + " takes "
              + parameters
              + ", given are "
              + arguments.length
              + " arguments");
    }
    for (int i = 0; i < arguments.length; i++) {
      Parameter parameter = parameters.get(i);
      Tensor wanted = inputs.get(parameter.name());
      if (wanted != null && arguments[i] instanceof Tensor given) {
        requireFit(given, wanted);
      } else if (!(weights.containsKey(parameter.name()) && arguments[i] instanceof Weights)
          && !(parameter.type().equals(LAYERS) && arguments[i] instanceof Layers)) {
        throw new IllegalArgumentException(
            "method " + name + ": " + arguments[i] + " does not fit " + parameter);
      }
    }
  }

  private void checkResults(List<Tensor> wanted) {
    if (results.size() != wanted.size()) {
      throw new IllegalArgumentException(
          "method " + name + " returns " + results.size() + " tensors, not " + wanted.size());
    }
    for (int i = 0; i < results.size(); i++) {
      requireFit(results.get(i), wanted.get(i));
    }
  }

  private void requireFit(Tensor given, Tensor wanted) {
    if (wanted.type() != given.type() || !wanted.shape().equals(given.shape())) {
      throw new IllegalArgumentException(
          "method " + name + ": " + given.describe() + " does not fit " + wanted.describe());
    }
  }

  /** Ends the method. */
  public Method returns(Tensor... tensors) {
    results = List.of(tensors);
    return this;
  }

  /** The weights that the parameter {@code parameter} must hold. */
  public List<WeightSpec> weightSpecs(String parameter) {
    return weights.get(parameter).specs();
  }

  /** The name by which callers run it. */
  public String name() {
    return name;
  }

  /** The names of the tensors that callers give, in their order. */
  List<String> inputNames() {
    return List.copyOf(inputs.keySet());
  }

  /** The names of all that callers give, in their order. */
  List<String> parameterNames() {
    return parameters.stream().map(Parameter::name).toList();
  }

  /** The names of the weights that callers give. */
  Set<String> weightNames() {
    return weights.keySet();
  }

  /** The tensors that callers give, in their order. */
  List<Tensor> inputs() {
    return List.copyOf(inputs.values());
  }

  /** What its lines do, in their order. */
  List<Operation> operations() {
    return operations;
  }

  List<Tensor> results() {
    return results;
  }

  int resultCount() {
    return results.size();
  }

  /** In which the weights are given, float32 where there are none. */
  DataType weightType() {
    return weights.values().stream().findFirst().map(Weights::type).orElse(DataType.FLOAT32);
  }

  Tensor weight(String expression, DataType type, List<Dim> shape) {
    return new Tensor(this, expression, type, shape);
  }

  /** Says that the next operation holds such a tensor too, while it runs. */
  void holdWhileRunning(DataType type, List<Dim> shape) {
    passing.add(new Operation.Block(type, shape));
  }

  /** Says that the next operation uses a weight that may have to be brought to where it runs. */
  void bring(DataType type, List<Dim> shape) {
    brought.add(new Operation.Block(type, shape));
  }

  Tensor assign(String hint, String expression, DataType type, List<Dim> shape) {
    List<String> used =
        NAME.matcher(expression)
            .results()
            .map(MatchResult::group)
            .filter(variables::contains)
            .distinct()
            .toList();
    boolean isView = VIEWS.contains(hint) || used.contains(expression);
    Tensor result = written(hint, expression, type, shape);
    variables.add(result.expression());
    operations.add(
        new Operation(
            List.of(result),
            used,
            isView ? used.stream().findFirst() : Optional.empty(),
            Optional.empty(),
            List.of(),
            0,
            List.copyOf(passing),
            List.copyOf(brought)));
    passing.clear();
    brought.clear();
    return result;
  }

  private Tensor written(String hint, String expression, DataType type, List<Dim> shape) {
    String variable = take(hint);
    lines.add(
        INDENT
            + variable
            + " = "
            + expression
            + "  # "
            + type.name().toLowerCase(java.util.Locale.ROOT)
            + " "
            + Tensor.describe(shape));
    return new Tensor(this, variable, type, shape);
  }

  /** A line that gives two values which no other operation takes, by the names that it is given. */
  List<String> assignPair(String hint, String otherHint, String expression) {
    List<String> names = List.of(take(hint), take(otherHint));
    lines.add(INDENT + String.join(", ", names) + " = " + expression);
    return names;
  }

  /** The size as an expression of the program; from here on its names must be bound. */
  String use(Dim dim) {
    dim.names().stream().filter(n -> !given.contains(n)).forEach(sizes::add);
    return dim.toString();
  }

  private String take(String hint) {
    int count = taken.merge(hint, 1, Integer::sum);
    return count == 1 ? hint : take(hint + "_" + count);
  }

  private String binding(String size) {
    for (Tensor input : inputs.values()) {
      for (int axis = 0; axis < input.shape().size(); axis++) {
        long factor = input.size(axis).factorOf(size);
        if (factor > 0) {
          String whole = "torch.size(" + input + ", " + axis + ")";
          return INDENT
              + size
              + " = "
              + (factor == 1 ? whole : "torch.floordiv(" + whole + ", " + factor + ")");
        }
      }
    }
    throw new IllegalArgumentException("method " + name + ": no input brings the size " + size);
  }

  String text() {
    if (results == null) {
      throw new IllegalStateException("method " + name + " does not return");
    }
    StringBuilder text = new StringBuilder();
    String type =
        results.size() == 1
            ? "Tensor"
            : results.stream().map(r -> "Tensor").collect(Collectors.joining(", ", "Tuple[", "]"));
    text.append("  def ").append(name).append("(self: ").append(program.qualifiedName());
    parameters.forEach(p -> text.append(",\n      ").append(p));
    text.append(") -> ").append(type).append(":\n");
    inputs
        .values()
        .forEach(i -> text.append(INDENT).append("# ").append(i.describe()).append('\n'));
    sizes.forEach(s -> text.append(binding(s)).append('\n'));
    lines.forEach(l -> text.append(l).append('\n'));
    String values = results.stream().map(Tensor::expression).collect(Collectors.joining(", "));
    text.append(INDENT)
        .append("return ")
        .append(results.size() == 1 ? values : "(" + values + ")")
        .append('\n');
    return text.toString();
  }
}
