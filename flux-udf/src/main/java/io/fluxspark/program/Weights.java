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
  private final Optional<Tensor> beside;
  private final RowProducts products;
  private final Adaptation adaptation;

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
   * @param storage how callers give the matrices of linear layers
   */
  Weights(
      Method method,
      String parameter,
      DataType type,
      WeightStorage storage,
      Adaptation adaptation) {
    this(
        method,
        parameter,
        "",
        type,
        storage,
        new LinkedHashMap<>(),
        Optional.empty(),
        new RowProducts(method, parameter, storage),
        adaptation);
  }

  private Weights(
      Method method,
      String parameter,
      String prefix,
      DataType type,
      WeightStorage storage,
      Map<String, WeightSpec> specs,
      Optional<Tensor> beside,
      RowProducts products,
      Adaptation adaptation) {
    this.method = method;
    this.parameter = parameter;
    this.prefix = prefix;
    this.type = type;
    this.storage = storage;
    this.specs = specs;
    this.beside = beside;
    this.products = products;
    this.adaptation = adaptation;
  }

  /** The weights whose names start with {@code name.}. */
  public Weights in(String name) {
    return new Weights(
        method, parameter, prefix + name + ".", type, storage, specs, beside, products, adaptation);
  }

  /**
   * The same weights, which callers may keep on another device and in another type: each use brings
   * what it reads to where a tensor is, and gives it up again.
   *
   * @param tensor of this method
   */
  public Weights beside(Tensor tensor) {
    return new Weights(
        method, parameter, prefix, type, storage, specs, Optional.of(tensor), products, adaptation);
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
    WeightStorage given = storage(in, out);
    method.addMatrix(prefix + name + ".weight", given);
    if (given != WeightStorage.FLOAT8) {
      return get(name + ".weight", out, in.constant());
    }
    method.holdWhileRunning(type, List.of(Dim.of(out), in));
    return get(
        name + ".weight", weight -> Method.dense(parameter, weight, type), out, in.constant());
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
    if (!hasKernels(storage(x.size(-1), out))) {
      return linear(name, x, out).geluTanh();
    }
    return x.linearGeluTanh(
        method.lowRank(parameter, prefix + name),
        matrix(name, x.size(-1), out),
        get(name + ".bias", out));
  }

  /** {@link #linear} of {@code a} (..., m) and {@code b} (..., n) side by side, as (..., m + n). */
  public Tensor joinedLinear(String name, Tensor a, Tensor b, long out) {
    Dim in = a.size(-1).plus(b.size(-1));
    boolean isFloat8 =
        storage == WeightStorage.FLOAT8_PRODUCTS
            && RowProducts.takesFloat8(a.size(-1).constant(), out)
            && RowProducts.takesFloat8(b.size(-1).constant(), out);
    if (!isFloat8 && !hasKernels(storage(in, out))) {
      return linear(name, Tensor.concat(-1, a, b), out);
    }
    String lowRank = method.lowRank(parameter, prefix + name);
    Tensor weight = matrix(name, in, out);
    Tensor bias = get(name + ".bias", out);
    return isFloat8
        ? products.joinedLinear(lowRank, prefix + name + ".weight", a, b, weight, bias)
        : a.joinedLinear(lowRank, b, weight, bias);
  }

  /** How callers give the matrix (out, in) of a linear layer. */
  private WeightStorage storage(Dim in, long out) {
    boolean isProduct = storage == WeightStorage.FLOAT8_PRODUCTS;
    return isProduct && !RowProducts.takesFloat8(in.constant(), out)
        ? WeightStorage.FLOAT8
        : storage;
  }

  /** Whether {@link Kernels} multiply. */
  private boolean hasKernels(WeightStorage given) {
    return switch (given) {
      case AS_COMPUTED, FLOAT8 -> Kernels.takes(type);
      case FLOAT8_PRODUCTS, INT8_PRODUCTS -> false;
    };
  }

  /** {@code x} (..., in) times {@code name.weight} (out, in): (..., out). */
  public Tensor linearWithoutBias(String name, Tensor x, long out) {
    return linear(name, x, matrix(name, x.size(-1), out), Optional.empty());
  }

  private Tensor linear(String name, Tensor x, Tensor weight, Optional<Tensor> bias) {
    Tensor y =
        switch (storage(weight.size(1), weight.size(0).constant())) {
          case AS_COMPUTED, FLOAT8 -> x.linear(weight, bias);
          case FLOAT8_PRODUCTS, INT8_PRODUCTS ->
              products.linear(prefix + name + ".weight", x, weight, bias);
        };
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
