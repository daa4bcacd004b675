package io.fluxspark.program;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The weights that a method is given under their checkpoint names. Naming a weight here is what
 * declares that the checkpoint must have it, and with what shape.
 */
public final class Weights {
  private final Method method;
  private final String parameter;
  private final String prefix;
  private final DataType type;
  private final WeightStorage storage;
  private final Map<String, WeightSpec> specs;
  private final UnaryOperator<String> matrices;
  private final Optional<Tensor> beside;
  private final Product product;
  private final Adaptation adaptation;

  /** How a linear layer multiplies. */
  @FunctionalInterface
  interface Product {
    /**
     * {@code x} (..., in) times {@code weight} (out, in), plus what there is in {@code bias} (out):
     * (..., out).
     *
     * @param name of the weight, with its prefix
     */
    Tensor linear(String name, Tensor x, Tensor weight, Optional<Tensor> bias);
  }

  /** What is added to a linear layer. */
  @FunctionalInterface
  interface Adaptation {
    /**
     * The layer's result with what is added.
     *
     * @param name of the layer, with its prefix
     * @param x what the layer was given
     * @param y what it computed
     */
    Tensor apply(String name, Tensor x, Tensor y);
  }

  /**
   * @param matrices expressions that give the matrices of linear layers, by the weights' names
   */
  Weights(
      Method method,
      String parameter,
      DataType type,
      WeightStorage storage,
      UnaryOperator<String> matrices,
      Product product,
      Adaptation adaptation) {
    this(
        method,
        parameter,
        "",
        type,
        storage,
        new LinkedHashMap<>(),
        matrices,
        Optional.empty(),
        product,
        adaptation);
  }

  private Weights(
      Method method,
      String parameter,
      String prefix,
      DataType type,
      WeightStorage storage,
      Map<String, WeightSpec> specs,
      UnaryOperator<String> matrices,
      Optional<Tensor> beside,
      Product product,
      Adaptation adaptation) {
    this.method = method;
    this.parameter = parameter;
    this.prefix = prefix;
    this.type = type;
    this.storage = storage;
    this.specs = specs;
    this.matrices = matrices;
    this.beside = beside;
    this.product = product;
    this.adaptation = adaptation;
  }

  /** The weights whose names start with {@code name.}. */
  public Weights in(String name) {
    return new Weights(
        method,
        parameter,
        prefix + name + ".",
        type,
        storage,
        specs,
        matrices,
        beside,
        product,
        adaptation);
  }

  /**
   * The same weights, which callers may keep on another device and in another type: each use brings
   * what it reads to where a tensor is, and gives it up again.
   *
   * @param tensor of this method
   */
  public Weights beside(Tensor tensor) {
    return new Weights(
        method,
        parameter,
        prefix,
        type,
        storage,
        specs,
        matrices,
        Optional.of(tensor),
        product,
        adaptation);
  }

  /** The weight {@code name} (below this prefix) with that shape. */
  public Tensor get(String name, long... shape) {
    return get(name, weight -> Method.entry(parameter, weight), shape);
  }

  private Tensor get(String name, UnaryOperator<String> expression, long... shape) {
    List<Long> sizes = java.util.Arrays.stream(shape).boxed().toList();
    WeightSpec spec = new WeightSpec(prefix + name, sizes);
    declare(spec);
    List<Dim> dims = sizes.stream().map(Dim::of).toList();
    String given = expression.apply(spec.name());
    if (beside.isEmpty()) {
      return method.weight(given, type, dims);
    }
    method.bring(type, dims);
    String brought =
        "torch.to(%s, ops.prim.device(%s), %d)".formatted(given, beside.get(), type.code());
    return method.weight(brought, type, dims);
  }

  private Tensor matrix(String name, Dim in, long out) {
    method.addMatrix(prefix + name + ".weight", storage);
    if (storage == WeightStorage.FLOAT8) {
      method.holdWhileRunning(type, List.of(Dim.of(out), in));
    }
    return get(name + ".weight", matrices, out, in.constant());
  }

  /** What a method reads that is given these weights. */
  void declare(List<WeightSpec> read) {
    if (!prefix.isEmpty()) {
      throw new IllegalArgumentException(
          "the weights in " + prefix + " are given to a method, which takes all of " + parameter);
    }
    read.forEach(this::declare);
  }

  private void declare(WeightSpec spec) {
    WeightSpec before = specs.putIfAbsent(spec.name(), spec);
    if (before != null && !before.equals(spec)) {
      throw new IllegalArgumentException(
          "weight " + spec.name() + " is used as " + before.shape() + " and as " + spec.shape());
    }
  }

  /**
   * {@code x} (..., in) times {@code name.weight} (out, in), plus {@code name.bias} (out): (...,
   * out).
   */
  public Tensor linear(String name, Tensor x, long out) {
    return linear(name, x, matrix(name, x.size(-1), out), Optional.of(get(name + ".bias", out)));
  }

  /** {@link Tensor#geluTanh} of {@link #linear}, in one where the device can. */
  public Tensor linearGeluTanh(String name, Tensor x, long out) {
    if (!hasKernels()) {
      return linear(name, x, out).geluTanh();
    }
    return x.linearGeluTanh(
        method.lowRank(parameter, prefix + name),
        matrix(name, x.size(-1), out),
        get(name + ".bias", out));
  }

  /** {@link #linear} of {@code a} (..., m) and {@code b} (..., n) side by side, as (..., m + n). */
  public Tensor joinedLinear(String name, Tensor a, Tensor b, long out) {
    if (!hasKernels()) {
      return linear(name, Tensor.concat(-1, a, b), out);
    }
    Tensor weight = matrix(name, a.size(-1).plus(b.size(-1)), out);
    String lowRank = method.lowRank(parameter, prefix + name);
    return a.joinedLinear(lowRank, b, weight, get(name + ".bias", out));
  }

  /** Whether {@link Kernels} multiply. */
  private boolean hasKernels() {
    return switch (storage) {
      case AS_COMPUTED, FLOAT8 -> Kernels.takes(type);
      case FLOAT8_PRODUCTS, INT8_PRODUCTS -> false;
    };
  }

  /** {@code x} (..., in) times {@code name.weight} (out, in): (..., out). */
  public Tensor linearWithoutBias(String name, Tensor x, long out) {
    return linear(name, x, matrix(name, x.size(-1), out), Optional.empty());
  }

  private Tensor linear(String name, Tensor x, Tensor weight, Optional<Tensor> bias) {
    Tensor y = product.linear(prefix + name + ".weight", x, weight, bias);
    return adaptation.apply(prefix + name, x, y);
  }

  /**
   * Layer norm over the last axis of {@code x} (..., D) with {@code name.weight} and {@code
   * name.bias} (D).
   */
  public Tensor layerNorm(String name, Tensor x, double eps) {
    long size = x.size(-1).constant();
    return x.layerNorm(get(name + ".weight", size), get(name + ".bias", size), eps);
  }

  /**
   * Root mean square norm over the last axis of {@code x} (..., D) with {@code name.weight} (D).
   */
  public Tensor rmsNorm(String name, Tensor x, double eps) {
    return x.rmsNorm(get(name + ".weight", x.size(-1).constant()), eps);
  }

  /**
   * Group norm over the channels of {@code x} (B, C, H, W) with {@code name.weight} and {@code
   * name.bias} (C).
   */
  public Tensor groupNorm(String name, Tensor x, int groups, double eps) {
    long channels = x.size(1).constant();
    return x.groupNorm(groups, get(name + ".weight", channels), get(name + ".bias", channels), eps);
  }

  /**
   * Convolution of {@code x} (B, in, H, W) with {@code name.weight} (out, in, kernel, kernel) and
   * {@code name.bias} (out).
   */
  public Tensor conv2d(String name, Tensor x, long out, int kernel, int stride, int padding) {
    return x.conv2d(
        get(name + ".weight", out, x.size(1).constant(), kernel, kernel),
        get(name + ".bias", out),
        stride,
        padding);
  }

  /** The same without {@code name.bias}. */
  public Tensor conv2dWithoutBias(
      String name, Tensor x, long out, int kernel, int stride, int padding) {
    return x.conv2d(
        get(name + ".weight", out, x.size(1).constant(), kernel, kernel), stride, padding);
  }

  DataType type() {
    return type;
  }

  List<WeightSpec> specs() {
    return List.copyOf(specs.values());
  }

  /** The parameter's name in the program. */
  @Override
  public String toString() {
    return parameter;
  }
}
