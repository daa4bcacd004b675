package io.fluxspark.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A value of a tensor program under construction: it has a type and a shape, and each operation
 * writes one line of the program. Operations are ATen's, so their meaning is PyTorch's; sizes and
 * types that cannot fit are refused here, when the program is built, with an {@link
 * IllegalArgumentException} that names both sides.
 */
public final class Tensor {
  private final Method method;
  private final String expression;
  private final DataType type;
  private final List<Dim> shape;

  Tensor(Method method, String expression, DataType type, List<Dim> shape) {
    this.method = method;
    this.expression = expression;
    this.type = type;
    this.shape = List.copyOf(shape);
  }

  public DataType type() {
    return type;
  }

  public List<Dim> shape() {
    return shape;
  }

  /** The size of an axis; negative axes count from the last. */
  public Dim size(int axis) {
    return shape.get(position(axis));
  }

  String expression() {
    return expression;
  }

  Method method() {
    return method;
  }

  // Elementwise

  public Tensor add(Tensor other) {
    return elementwise("add", other);
  }

  public Tensor add(double number) {
    return apply("add", type, shape, this, number);
  }

  public Tensor subtract(Tensor other) {
    return elementwise("sub", other);
  }

  public Tensor multiply(Tensor other) {
    return elementwise("mul", other);
  }

  public Tensor multiply(double number) {
    return apply("mul", type, shape, this, number);
  }

  /** This plus a b, rounded once. */
  public Tensor addProduct(Tensor a, Tensor b) {
    requireSameType("addcmul", a);
    requireSameType("addcmul", b);
    List<Dim> product = broadcast("addcmul", a.shape, b.shape);
    return apply("addcmul", type, broadcast("addcmul", shape, product), this, a, b);
  }

  public Tensor divide(double number) {
    return apply("div", type, shape, this, number);
  }

  public Tensor negate() {
    return apply("neg", type, shape, this);
  }

  public Tensor exp() {
    return apply("exp", type, shape, this);
  }

  public Tensor abs() {
    return apply("abs", type, shape, this);
  }

  public Tensor square() {
    return apply("square", type, shape, this);
  }

  public Tensor sin() {
    return apply("sin", type, shape, this);
  }

  public Tensor cos() {
    return apply("cos", type, shape, this);
  }

  public Tensor sigmoid() {
    return apply("sigmoid", type, shape, this);
  }

  public Tensor round() {
    return apply("round", type, shape, this);
  }

  public Tensor clamp(double min, double max) {
    return apply("clamp", type, shape, this, min, max);
  }

  /** x sigmoid(x), also called swish. */
  public Tensor silu() {
    return apply("silu", type, shape, this);
  }

  /** Gaussian error linear unit, exact. */
  public Tensor gelu() {
    return call("gelu", type, shape, this + ", approximate=\"none\"");
  }

  /** Gaussian error linear unit by its tanh approximation. */
  public Tensor geluTanh() {
    return call("gelu", type, shape, this + ", approximate=\"tanh\"");
  }

  /** x sigmoid(1.702 x), as CLIP has it. */
  public Tensor quickGelu() {
    return multiply(multiply(1.702).sigmoid());
  }

  /** The same numbers in another type; writes nothing where the type is that already. */
  public Tensor to(DataType other) {
    return type == other ? this : apply("to", other, shape, this, other.code());
  }

  private Tensor elementwise(String operation, Tensor other) {
    requireSameType(operation, other);
    return apply(operation, type, broadcast(operation, shape, other.shape), this, other);
  }

  // Layers

  Tensor linear(Tensor weight, Optional<Tensor> bias) {
    String arguments = this + ", " + weight + ", " + bias.map(Tensor::expression).orElse("None");
    List<Dim> out = linearShape(weight, bias);
    return Kernels.takes(type)
        ? kernel("linear", out, arguments)
        : call("linear", type, out, arguments);
  }

  /**
   * @param lowRank expressions of the weights and of the names of the low-rank factors that may be
   *     among them
   */
  Tensor linearGeluTanh(String lowRank, Tensor weight, Tensor bias) {
    List<Dim> out = linearShape(weight, Optional.of(bias));
    method.holdWhileRunning(type, out);
    return kernel("linear_gelu_tanh", out, lowRank + ", " + this + ", " + weight + ", " + bias);
  }

  /**
   * A linear layer of this and {@code other} side by side.
   *
   * @param lowRank as {@link #linearGeluTanh} takes it
   */
  Tensor joinedLinear(String lowRank, Tensor other, Tensor weight, Tensor bias) {
    Tensor both = beside(other);
    List<Dim> out = both.linearShape(weight, Optional.of(bias));
    method.holdWhileRunning(type, both.shape);
    return kernel("joined_linear", out, lowRank + ", " + both + ", " + weight + ", " + bias);
  }

  /** Two arguments that a linear layer takes as one, {@code other} behind this on the last axis. */
  Tensor beside(Tensor other) {
    requireSameType("joined_linear", other);
    Dim in = size(-1).plus(other.size(-1));
    require(withSize(-1, in).equals(other.withSize(-1, in)), "joined_linear", this, other);
    return new Tensor(method, this + ", " + other, type, withSize(-1, in));
  }

  /** The shape of a linear layer's result, for arguments that fit. */
  List<Dim> linearShape(Tensor weight, Optional<Tensor> bias) {
    requireSameType("linear", weight);
    require(weight.shape.size() == 2 && weight.size(1).equals(size(-1)), "linear", this, weight);
    bias.ifPresent(
        numbers -> {
          requireSameType("linear", numbers);
          require(numbers.shape.equals(List.of(weight.size(0))), "linear", weight, numbers);
        });
    return withSize(-1, weight.size(0));
  }

  /**
   * Adaptive layer norm of (B, T, D): to mean 0 and variance 1 over the last axis, times 1 + {@code
   * scale}, plus {@code shift}.
   *
   * @param shift (B, 1, D)
   * @param scale (B, 1, D)
   */
  public Tensor adaLayerNorm(Tensor shift, Tensor scale, double eps) {
    requireRank("ada_layer_norm", 3);
    for (Tensor modulation : List.of(shift, scale)) {
      requireSameType("ada_layer_norm", modulation);
      require(modulation.shape.equals(withSize(1, Dim.of(1))), "ada_layer_norm", this, modulation);
    }
    method.holdWhileRunning(type, shape);
    String arguments = this + ", " + shift + ", " + scale + ", " + number(eps);
    return kernel("ada_layer_norm", shape, arguments);
  }

  /**
   * Queries or keys of several streams, joined along their tokens: each head by its root mean
   * square and its stream's weights, then pairs of neighbours (a, b) along d turned about the
   * angles of its token, to (a cos - b sin, a sin + b cos); the turning is in float32.
   *
   * @param parts (B, T1, H, d), (B, T2, H, d) ... of the streams
   * @param weights (d) of each stream
   * @param pe cosines and sines of the angles, (T1 + T2 + ..., d / 2, 2), float32
   * @return (B, T1 + T2 + ..., H, d)
   */
  public static Tensor rotaryHeads(
      List<Tensor> parts, List<Tensor> weights, Tensor pe, double eps) {
    Tensor first = parts.get(0);
    Dim tokens = Dim.of(0);
    for (int i = 0; i < parts.size(); i++) {
      Tensor part = parts.get(i);
      part.requireRank("rotary_heads", 4);
      first.requireSameType("rotary_heads", part);
      part.requireOneEach("rotary_heads", -1, weights.get(i));
      require(part.withSize(1, first.size(1)).equals(first.shape), "rotary_heads", first, part);
      tokens = tokens.plus(part.size(1));
    }
    List<Dim> out = first.withSize(1, tokens);
    List<Dim> angles = List.of(tokens, first.size(-1).dividedBy(2), Dim.of(2));
    require(pe.type == DataType.FLOAT32 && pe.shape.equals(angles), "rotary_heads", first, pe);
    first.method.holdWhileRunning(DataType.FLOAT32, out);
    first.method.holdWhileRunning(DataType.FLOAT32, out);
    String arguments =
        first.argument(parts) + ", " + first.argument(weights) + ", " + pe + ", " + number(eps);
    return first.kernel("rotary_heads", out, arguments);
  }

  Tensor layerNorm(Tensor weight, Tensor bias, double eps) {
    requireOneEach("layer_norm", -1, weight);
    requireOneEach("layer_norm", -1, bias);
    return apply("layer_norm", type, shape, this, List.of(size(-1)), weight, bias, eps);
  }

  Tensor rmsNorm(Tensor weight, double eps) {
    requireOneEach("rms_norm", -1, weight);
    return apply("rms_norm", type, shape, this, List.of(size(-1)), weight, eps);
  }

  Tensor groupNorm(int groups, Tensor weight, Tensor bias, double eps) {
    if (size(1).constant() % groups != 0) {
      throw new IllegalArgumentException(
          "group_norm: " + size(1) + " channels in " + groups + " groups");
    }
    requireOneEach("group_norm", 1, weight);
    requireOneEach("group_norm", 1, bias);
    return apply("group_norm", type, shape, this, groups, weight, bias, eps);
  }

  /** One number for each place of an axis of this. */
  private void requireOneEach(String operation, int axis, Tensor numbers) {
    requireSameType(operation, numbers);
    require(numbers.shape.equals(List.of(size(axis))), operation, this, numbers);
  }

  Tensor conv2d(Tensor weight, Tensor bias, int stride, int padding) {
    requireSameType("conv2d", bias);
    require(bias.shape.equals(List.of(weight.size(0))), "conv2d", weight, bias);
    return convolved(weight, bias, stride, padding);
  }

  Tensor conv2d(Tensor weight, int stride, int padding) {
    return convolved(weight, "None", stride, padding);
  }

  private Tensor convolved(Tensor weight, Object bias, int stride, int padding) {
    requireSameType("conv2d", weight);
    requireRank("conv2d", 4);
    require(weight.shape.size() == 4 && weight.size(1).equals(size(1)), "conv2d", this, weight);
    if (!weight.size(2).equals(weight.size(3))) {
      throw new IllegalArgumentException(
          "conv2d: the kernel of " + weight.describe() + " is not square");
    }
    long kernel = weight.size(2).constant();
    List<Dim> out =
        List.of(
            size(0),
            weight.size(0),
            convolved(size(2), kernel, stride, padding),
            convolved(size(3), kernel, stride, padding));
    return apply(
        "conv2d",
        type,
        out,
        this,
        weight,
        bias,
        List.of(stride, stride),
        List.of(padding, padding));
  }

  private static Dim convolved(Dim size, long kernel, int stride, int padding) {
    Dim reach = size.plus(Dim.of(2L * padding - kernel));
    return reach.dividedBy(stride).plus(Dim.of(1));
  }

  /** Zeros at the right and the bottom of (B, C, H, W). */
  public Tensor padRightAndBottom(int columns, int rows) {
    requireRank("constant_pad_nd", 4);
    List<Dim> out =
        List.of(size(0), size(1), size(2).plus(Dim.of(rows)), size(3).plus(Dim.of(columns)));
    return apply("constant_pad_nd", type, out, this, List.of(0, columns, 0, rows), 0.0);
  }

  /** Each pixel of (B, C, H, W) four times: (B, C, 2 H, 2 W). */
  public Tensor upsampleNearestTwice() {
    requireRank("upsample_nearest2d", 4);
    List<Dim> out = List.of(size(0), size(1), size(2).times(2), size(3).times(2));
    return apply("upsample_nearest2d", type, out, this, List.of(out.get(2), out.get(3)));
  }

  /**
   * Rows of a table: this is (V, D), {@code ids} holds int64 numbers below V.
   *
   * @return (..., D), where (...) is the shape of {@code ids}
   */
  public Tensor embedding(Tensor ids) {
    requireRank("embedding", 2);
    require(ids.type == DataType.INT64, "embedding", this, ids);
    List<Dim> out = new ArrayList<>(ids.shape);
    out.add(size(1));
    return apply("embedding", type, out, this, ids);
  }

  /**
   * softmax(q k^T / sqrt(d)) v with this as q: (B, H, S, d), {@code key} and {@code value} (B, H,
   * T, d).
   *
   * @return (B, H, S, d)
   */
  public Tensor attention(Tensor key, Tensor value) {
    requireAttention(key, value);
    return type == DataType.BFLOAT16
        ? kernel("attention", shape, this + ", " + key + ", " + value)
        : apply("scaled_dot_product_attention", type, shape, this, key, value);
  }

  /**
   * As {@link #attention(Tensor, Tensor)}, where a position sees itself and those before it only.
   */
  public Tensor causalAttention(Tensor key, Tensor value) {
    requireAttention(key, value);
    return call(
        "scaled_dot_product_attention",
        type,
        shape,
        this + ", " + key + ", " + value + ", is_causal=True");
  }

  /** softmax(scale q k^T + bias) v, with {@code bias} of (1 or B, H, S, T). */
  public Tensor attention(Tensor key, Tensor value, Tensor bias, double scale) {
    requireAttention(key, value);
    requireSameType("attention bias", bias);
    List<Dim> scores = List.of(size(0), size(1), size(2), key.size(2));
    method.holdWhileRunning(type, scores);
    method.holdWhileRunning(type, scores);
    if (!broadcast("attention bias", scores, bias.shape).equals(scores)) {
      throw new IllegalArgumentException(
          "attention bias: " + bias.describe() + " does not fit " + describe(scores));
    }
    return call(
        "scaled_dot_product_attention",
        type,
        shape,
        this + ", " + key + ", " + value + ", attn_mask=" + bias + ", scale=" + number(scale));
  }

  private void requireAttention(Tensor key, Tensor value) {
    requireRank("scaled_dot_product_attention", 4);
    key.requireRank("scaled_dot_product_attention", 4);
    requireSameType("scaled_dot_product_attention", key);
    requireSameType("scaled_dot_product_attention", value);
    require(key.shape.equals(value.shape), "scaled_dot_product_attention", key, value);
    require(
        size(0).equals(key.size(0)) && size(1).equals(key.size(1)) && size(3).equals(key.size(3)),
        "scaled_dot_product_attention",
        this,
        key);
  }

  // Shapes

  /** One axis of a * b as two of (a, b). */
  public Tensor unflatten(int axis, long a, long b) {
    return unflatten(axis, Dim.of(a), Dim.of(b));
  }

  /** As {@link #unflatten(int, long, long)}, where sizes may have names. */
  public Tensor unflatten(int axis, Dim a, Dim b) {
    if (!a.times(b).equals(size(axis))) {
      throw new IllegalArgumentException(
          "unflatten: axis " + axis + " of " + describe() + " is not " + a + " * " + b);
    }
    int position = position(axis);
    List<Dim> out = new ArrayList<>(shape);
    out.set(position, a);
    out.add(position + 1, b);
    return apply("unflatten", type, out, this, position, List.of(a, b));
  }

  /** The axes first to last as one. */
  public Tensor flatten(int first, int last) {
    int from = position(first);
    int to = position(last);
    if (from > to) {
      throw new IllegalArgumentException(
          "flatten: " + describe() + " has no axes " + from + " to " + to);
    }
    List<Dim> out = new ArrayList<>(shape.subList(0, from));
    out.add(shape.subList(from, to + 1).stream().reduce(Dim.of(1), Dim::times));
    out.addAll(shape.subList(to + 1, shape.size()));
    return apply("flatten", type, out, this, from, to);
  }

  /** The axes in another order. */
  public Tensor permute(int... axes) {
    if (!Arrays.stream(axes)
        .sorted()
        .boxed()
        .toList()
        .equals(Stream.iterate(0, i -> i + 1).limit(shape.size()).toList())) {
      throw new IllegalArgumentException(
          "permute: " + Arrays.toString(axes) + " are not the axes of " + describe());
    }
    return apply(
        "permute",
        type,
        Arrays.stream(axes).mapToObj(shape::get).toList(),
        this,
        Arrays.stream(axes).boxed().toList());
  }

  public Tensor transpose(int a, int b) {
    List<Dim> out = new ArrayList<>(shape);
    java.util.Collections.swap(out, position(a), position(b));
    return apply("transpose", type, out, this, position(a), position(b));
  }

  /** The same values laid out in the order of the axes. */
  public Tensor contiguous() {
    return apply("contiguous", type, shape, this);
  }

  /** A new axis of size 1. */
  public Tensor unsqueeze(int axis) {
    int position = axis < 0 ? axis + shape.size() + 1 : axis;
    if (position < 0 || position > shape.size()) {
      throw new IllegalArgumentException(
          "unsqueeze: " + describe() + " has no place for axis " + axis);
    }
    List<Dim> out = new ArrayList<>(shape);
    out.add(position, Dim.of(1));
    return apply("unsqueeze", type, out, this, position);
  }

  /** {@code length} places of an axis, from {@code start} on. */
  public Tensor narrow(int axis, Dim start, Dim length) {
    Dim left = size(axis).plus(start.plus(length).times(-1));
    if (left.isConstant() && left.constant() < 0) {
      throw new IllegalArgumentException(
          "narrow: axis "
              + axis
              + " of "
              + describe()
              + " does not reach from "
              + start
              + " to "
              + start.plus(length));
    }
    return apply("narrow", type, withSize(axis, length), this, position(axis), start, length);
  }

  /** What an axis has after its first {@code count} places. */
  public Tensor dropFirst(int axis, Dim count) {
    Dim left = size(axis).plus(count.times(-1));
    return apply("slice", type, withSize(axis, left), this, position(axis), count, "None", 1);
  }

  /**
   * Some places of an axis.
   *
   * @param places int64, (N), from 0
   */
  public Tensor indexSelect(int axis, Tensor places) {
    requirePlaces("index_select", places);
    return apply(
        "index_select", type, withSize(axis, places.size(0)), this, position(axis), places);
  }

  /**
   * A copy in which some places of an axis are another tensor's.
   *
   * @param places int64, (N), from 0, none twice
   * @param other as large as this one but for N along the axis
   */
  public Tensor indexCopy(int axis, Tensor places, Tensor other) {
    requirePlaces("index_copy", places);
    requireSameType("index_copy", other);
    require(other.shape.equals(withSize(axis, places.size(0))), "index_copy", this, other);
    return apply("index_copy", type, shape, this, position(axis), places, other);
  }

  private void requirePlaces(String operation, Tensor places) {
    require(places.type == DataType.INT64 && places.shape.size() == 1, operation, this, places);
  }

  /** Equal parts along the last axis. */
  public List<Tensor> chunk(int parts) {
    Dim part = size(-1).dividedBy(parts);
    return Stream.iterate(0, i -> i + 1)
        .limit(parts)
        .map(i -> narrow(-1, part.times(i), part))
        .toList();
  }

  /** One place of an axis, counted from the last where negative; the axis goes. */
  public Tensor select(int axis, long place) {
    Dim size = size(axis);
    if (size.isConstant() && (place >= size.constant() || place < -size.constant())) {
      throw new IllegalArgumentException(
          "select: axis " + axis + " of " + describe() + " has no place " + place);
    }
    List<Dim> out = new ArrayList<>(shape);
    out.remove(position(axis));
    return apply("select", type, out, this, position(axis), place);
  }

  /** As {@link #select(int, long)}, where callers give the place. */
  public Tensor select(int axis, Dim place) {
    List<Dim> out = new ArrayList<>(shape);
    out.remove(position(axis));
    return apply("select", type, out, this, position(axis), place);
  }

  /** The sum along the last axis; the axis goes. */
  public Tensor sumLast() {
    return apply("sum", type, shape.subList(0, shape.size() - 1), this, List.of(-1));
  }

  /** The mean of each place of the first axis. */
  public Tensor meanOfEach() {
    return apply("mean", type, List.of(size(0)), flatten(1, shape.size() - 1), List.of(-1));
  }

  /** Joined along an axis; all other sizes are equal. */
  public static Tensor concat(int axis, Tensor... parts) {
    Tensor first = parts[0];
    Dim sum = first.size(axis);
    for (Tensor part : Arrays.asList(parts).subList(1, parts.length)) {
      first.requireSameType("cat", part);
      require(part.shape.size() == first.shape.size(), "cat", first, part);
      require(part.withSize(axis, sum).equals(first.withSize(axis, sum)), "cat", first, part);
      sum = sum.plus(part.size(axis));
    }
    return first.apply(
        "cat",
        first.type,
        first.withSize(axis, sum),
        List.of((Object[]) parts),
        first.position(axis));
  }

  /** Joined along a new last axis. */
  public static Tensor stackLast(Tensor... parts) {
    return concat(-1, Arrays.stream(parts).map(p -> p.unsqueeze(-1)).toArray(Tensor[]::new));
  }

  // How a line is written

  Tensor apply(String operation, DataType resultType, List<Dim> resultShape, Object... arguments) {
    return call(
        operation,
        resultType,
        resultShape,
        Arrays.stream(arguments).map(this::argument).collect(Collectors.joining(", ")));
  }

  private Tensor call(
      String operation, DataType resultType, List<Dim> resultShape, String arguments) {
    return method.assign(
        operation, "torch." + operation + "(" + arguments + ")", resultType, resultShape);
  }

  /** A call of what {@link Kernels} has. */
  private Tensor kernel(String operation, List<Dim> resultShape, String arguments) {
    return method.assign(operation, "self." + operation + "(" + arguments + ")", type, resultShape);
  }

  private String argument(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(this::argument).collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof Dim dim) {
      return method.use(dim);
    }
    return value instanceof Double number ? number(number) : value.toString();
  }

  private static String number(double value) {
    return Double.toString(value);
  }

  private int position(int axis) {
    int position = axis < 0 ? axis + shape.size() : axis;
    if (position < 0 || position >= shape.size()) {
      throw new IllegalArgumentException(describe() + " has no axis " + axis);
    }
    return position;
  }

  private List<Dim> withSize(int axis, Dim size) {
    List<Dim> out = new ArrayList<>(shape);
    out.set(position(axis), size);
    return out;
  }

  private static List<Dim> broadcast(String operation, List<Dim> a, List<Dim> b) {
    List<Dim> longer = a.size() >= b.size() ? a : b;
    List<Dim> shorter = longer == a ? b : a;
    List<Dim> out = new ArrayList<>(longer);
    int offset = longer.size() - shorter.size();
    for (int i = 0; i < shorter.size(); i++) {
      Dim here = longer.get(offset + i);
      Dim there = shorter.get(i);
      if (!here.equals(there) && !here.is(1) && !there.is(1)) {
        throw new IllegalArgumentException(operation + ": " + a + " does not fit " + b);
      }
      out.set(offset + i, here.is(1) ? there : here);
    }
    return out;
  }

  private void requireRank(String operation, int rank) {
    if (shape.size() != rank) {
      throw new IllegalArgumentException(
          operation + ": " + describe() + " has " + shape.size() + " axes, not " + rank);
    }
  }

  private void requireSameType(String operation, Tensor other) {
    require(type == other.type, operation, this, other);
  }

  private static void require(boolean fits, String operation, Tensor a, Tensor b) {
    if (!fits) {
      throw new IllegalArgumentException(
          operation + ": " + a.describe() + " does not fit " + b.describe());
    }
  }

  String describe() {
    return expression + " " + type + " " + describe(shape);
  }

  static String describe(List<Dim> shape) {
    return shape.stream().map(Dim::toString).collect(Collectors.joining(", ", "(", ")"));
  }

  /** The variable's name in the program. */
  @Override
  public String toString() {
    return expression;
  }
}
