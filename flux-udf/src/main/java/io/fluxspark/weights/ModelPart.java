package io.fluxspark.weights;

import io.fluxspark.program.Argument;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Float8Weights;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeLayers;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.NativeWeights;
import io.fluxspark.program.Opened;
import io.fluxspark.program.PackedWeights;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.Program;
import io.fluxspark.program.TensorLists;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.program.WeightStorage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Programs and the weights that they run with, in native memory. On the CPU the weights of a part
 * that is not too large, and matrices in int8, are packed as the processor takes them fastest.
 * Other weights that keep their stored type there are the checkpoint's own pages, which all
 * processes of a host share; so are matrices in float8, where the programs take them.
 */
public final class ModelPart implements AutoCloseable {
  /**
   * Bytes of the largest part that is packed. FLUX.1's transformer and T5 are beyond it: what
   * packing gains is less than what a copy in each process would cost.
   */
  private static final long PACKED_AT_MOST = 4L << 30;

  private final LoadedProgram program;
  private final WeightPlan plan;
  private final DataType type;
  private final TensorScope scope;
  private final Runnable closeProgram;
  private NativeWeights own;
  private final List<List<NativeWeights>> each = new ArrayList<>();
  private final List<NativeLayers> layers = new ArrayList<>();

  private ModelPart(
      LoadedProgram program, WeightPlan plan, DataType type, Device device, Runnable closeProgram) {
    this.program = program;
    this.plan = plan;
    this.type = type;
    this.scope = new TensorScope(device);
    this.closeProgram = closeProgram;
  }

  /**
   * Compiles the programs and brings the weights to the device.
   *
   * @param type in which the weights are computed with
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} for a weight that is
   *     missing, has another shape or a type that is not read
   */
  public static ModelPart load(
      Program program, WeightPlan plan, Checkpoint checkpoint, Device device, DataType type) {
    return load(program, plan, checkpoint, device, type, name -> false);
  }

  /**
   * As {@link #load(Program, WeightPlan, Checkpoint, Device, DataType)}, with less of the device's
   * memory.
   *
   * @param onHost whether a layer's weight, by its name below the layer's prefix, stays in the
   *     host's memory, in the type in which it is stored; the programs must bring it to the device
   *     when they use it, see {@link io.fluxspark.program.Weights#beside}
   */
  public static ModelPart load(
      Program program,
      WeightPlan plan,
      Checkpoint checkpoint,
      Device device,
      DataType type,
      Predicate<String> onHost) {
    LoadedProgram loaded = LoadedProgram.load(program, device);
    ModelPart part = new ModelPart(loaded, plan, type, device, loaded::close);
    try (Loader loader = new Loader(program, checkpoint, part.scope, type)) {
      if (loaded.takesPackedWeights() && plan.parameters() * type.bytes() <= PACKED_AT_MOST) {
        loader.pack();
      }
      part.own = loader.loadOwn(plan.prefix(), plan.own());
      for (WeightPlan.Layers stack : plan.layers()) {
        List<NativeWeights> weights = new ArrayList<>();
        for (int i = 0; i < stack.count(); i++) {
          weights.add(loader.loadLayer(plan.prefix() + stack.prefix(i), stack.specs(), onHost));
        }
        part.add(weights);
      }
      return part;
    } catch (RuntimeException | Error e) {
      part.close();
      throw e;
    }
  }

  /**
   * Programs that run with tensors as they are at each call, so that they see what training makes
   * of them.
   *
   * @param plan of the programs
   * @param weights float32, under the plan's names; they must stay open as long as the result
   */
  public static ModelPart of(Program program, WeightPlan plan, Parameters weights) {
    LoadedProgram loaded = LoadedProgram.load(program, weights.device());
    ModelPart part = new ModelPart(loaded, plan, DataType.FLOAT32, weights.device(), loaded::close);
    try {
      part.own = part.scope.weights(some(weights, "", plan.own()));
      for (WeightPlan.Layers stack : plan.layers()) {
        List<NativeWeights> layers = new ArrayList<>();
        for (int i = 0; i < stack.count(); i++) {
          layers.add(part.scope.weights(some(weights, stack.prefix(i), stack.specs())));
        }
        part.add(layers);
      }
      return part;
    } catch (RuntimeException | Error e) {
      part.close();
      throw e;
    }
  }

  private static Map<String, NativeTensor> some(
      Parameters weights, String prefix, List<WeightSpec> specs) {
    Map<String, NativeTensor> some = new HashMap<>();
    specs.forEach(spec -> some.put(spec.name(), weights.get(prefix + spec.name())));
    return some;
  }

  private void add(List<NativeWeights> stack) {
    each.add(stack);
    layers.add(scope.layers(stack));
  }

  /**
   * The same programs and weights, with low-rank terms beside some linear layers. The weights are
   * shared: this part must stay open as long as the other.
   *
   * @param terms by the layer's name in the programs, with the prefix of its layer; in {@link
   *     #type}; they stay the caller's and must stay open as long as the result
   */
  public ModelPart adapted(Map<String, LowRank> terms) {
    ModelPart part = new ModelPart(program, plan, type, scope.device(), () -> {});
    Map<String, LowRank> left = new HashMap<>(terms);
    try (TensorLists lists = new TensorLists(scope.device())) {
      for (int stack = 0; stack < each.size(); stack++) {
        List<NativeWeights> weights = new ArrayList<>();
        for (int i = 0; i < each.get(stack).size(); i++) {
          String prefix = plan.layers().get(stack).prefix(i);
          weights.add(extended(part.scope, lists, each.get(stack).get(i), take(left, prefix)));
        }
        part.add(weights);
      }
      part.own = extended(part.scope, lists, own, take(left, ""));
      return part;
    } catch (RuntimeException | Error e) {
      part.close();
      throw e;
    }
  }

  /** Takes out the terms whose names start with a prefix. */
  private static Map<String, NativeTensor> take(Map<String, LowRank> terms, String prefix) {
    Map<String, NativeTensor> taken = new HashMap<>();
    for (Iterator<Map.Entry<String, LowRank>> left = terms.entrySet().iterator();
        left.hasNext(); ) {
      Map.Entry<String, LowRank> term = left.next();
      if (term.getKey().startsWith(prefix)) {
        String name = term.getKey().substring(prefix.length());
        taken.put(name + Method.LORA_A, term.getValue().down());
        taken.put(name + Method.LORA_B, term.getValue().up());
        left.remove();
      }
    }
    return taken;
  }

  private static NativeWeights extended(
      TensorScope owner, TensorLists lists, NativeWeights base, Map<String, NativeTensor> more) {
    return more.isEmpty() ? base : lists.extended(owner, base, more);
  }

  /** In which the weights are computed with. */
  public DataType type() {
    return type;
  }

  /** Weights outside of any layer, see {@link WeightPlan#own}. */
  public NativeWeights own() {
    return own;
  }

  /** A stack of layers, in the order of {@link WeightPlan#layers}. */
  public NativeLayers layers(int stack) {
    return layers.get(stack);
  }

  /** See {@link LoadedProgram#run}. */
  public List<NativeTensor> run(TensorScope owner, Method method, Argument... arguments) {
    return program.run(owner, method, arguments);
  }

  @Override
  public void close() {
    scope.close();
    closeProgram.run();
  }

  private static final class Loader implements AutoCloseable {
    private final Program program;
    private final Checkpoint checkpoint;
    private final TensorScope scope;
    private final DataType type;
    private final Opened opened = new Opened();
    private final WeightReader reader;
    private final WeightReader hostReader;
    private final Optional<PackedWeights> int8;
    private final Optional<Float8Weights> float8;
    private Optional<PackedWeights> packing = Optional.empty();

    Loader(Program program, Checkpoint checkpoint, TensorScope scope, DataType type) {
      this.program = program;
      this.checkpoint = checkpoint;
      this.scope = scope;
      this.type = type;
      this.reader = opened.add(new WeightReader(scope.device()));
      this.hostReader =
          scope.device().isCuda() ? opened.add(new WeightReader(Device.cpu())) : reader;
      this.int8 =
          program.storage() == WeightStorage.INT8_PRODUCTS
              ? Optional.of(opened.add(new PackedWeights()))
              : Optional.empty();
      this.float8 =
          program.storage() == WeightStorage.FLOAT8_PRODUCTS
              ? Optional.of(opened.add(new Float8Weights(scope.device())))
              : Optional.empty();
    }

    /** From here on weights are packed, where their type can be. */
    void pack() {
      boolean isComputed =
          program.storage() == WeightStorage.AS_COMPUTED
              || program.storage() == WeightStorage.INT8_PRODUCTS;
      if (isComputed && PackedWeights.takes(type)) {
        packing = Optional.of(int8.orElseGet(() -> opened.add(new PackedWeights())));
      }
    }

    NativeWeights loadOwn(String prefix, List<WeightSpec> specs) {
      return load(prefix, specs, name -> false, name -> false);
    }

    NativeWeights loadLayer(String prefix, List<WeightSpec> specs, Predicate<String> onHost) {
      return load(prefix, specs, onHost, program::isProduct);
    }

    private NativeWeights load(
        String prefix,
        List<WeightSpec> specs,
        Predicate<String> onHost,
        Predicate<String> isProduct) {
      try (TensorScope temporary = new TensorScope(scope.device());
          TensorScope host = new TensorScope(Device.cpu())) {
        Map<String, NativeTensor> byName = new HashMap<>();
        for (WeightSpec spec : specs) {
          StoredWeight weight = checkpoint.require(prefix + spec.name(), spec.shape());
          boolean isOnHost = onHost.test(spec.name());
          TensorScope owner = isOnHost ? host : temporary;
          WeightReader from = isOnHost ? hostReader : reader;
          if (isProduct.test(spec.name())) {
            if (float8.isPresent()) {
              Float8Weights.Narrow narrow = inFloat8(float8.get(), temporary, weight);
              byName.put(spec.name(), narrow.matrix());
              byName.put(spec.name() + Method.SCALE, narrow.scales());
            } else {
              PackedWeights.Int8 narrow = inInt8(int8.orElseThrow(), temporary, weight);
              byName.put(spec.name(), narrow.matrix());
              byName.put(spec.name() + Method.SCALE, narrow.scale());
            }
          } else if (takesFloat8() && weight.isFloat8Matrix()) {
            byName.put(spec.name(), from.readAsStored(owner, weight));
            weight
                .scale()
                .map(scale -> hostReader.read(host, scale, DataType.FLOAT32))
                .ifPresent(scale -> byName.put(spec.name() + Method.SCALE, scale));
          } else if (isOnHost && weight.isOneTensor()) {
            byName.put(spec.name(), from.readAsStored(owner, weight));
          } else {
            NativeTensor read = from.read(owner, weight, type);
            byName.put(
                spec.name(),
                packing
                    .filter(packed -> !isOnHost)
                    .map(packed -> packed(packed, temporary, spec, read))
                    .orElse(read));
          }
        }
        return scope.weights(byName);
      }
    }

    /** Whether weights that are no product's stay in float8. */
    private boolean takesFloat8() {
      return switch (program.storage()) {
        case FLOAT8, FLOAT8_PRODUCTS -> true;
        case AS_COMPUTED, INT8_PRODUCTS -> false;
      };
    }

    private Float8Weights.Narrow inFloat8(
        Float8Weights narrowing, TensorScope owner, StoredWeight weight) {
      try (TensorScope exact = new TensorScope(scope.device())) {
        if (!weight.isFloat8Matrix()) {
          // A narrow type goes to a device in half the time.
          return narrowing.narrow(
              owner,
              weight.isOneTensor()
                  ? reader.readAsStored(exact, weight)
                  : reader.read(exact, weight, DataType.FLOAT32));
        }
        NativeTensor scale =
            weight
                .scale()
                .map(one -> reader.read(exact, one, DataType.FLOAT32))
                .orElseGet(() -> exact.floats(new float[] {1}, 1));
        return new Float8Weights.Narrow(
            reader.readAsStored(owner, weight),
            narrowing.scales(owner, scale, weight.shape().get(0)));
      }
    }

    private PackedWeights.Int8 inInt8(
        PackedWeights narrowing, TensorScope owner, StoredWeight weight) {
      try (TensorScope exact = new TensorScope(scope.device())) {
        return narrowing.int8(owner, reader.read(exact, weight, DataType.FLOAT32));
      }
    }

    private NativeTensor packed(
        PackedWeights packing, TensorScope owner, WeightSpec spec, NativeTensor weight) {
      if (program.isMatrix(spec.name())) {
        return packing.matrix(owner, weight);
      }
      boolean ofConvolution = spec.shape().size() == 4;
      return ofConvolution ? packing.kernels(owner, weight) : weight;
    }

    @Override
    public void close() {
      opened.close();
    }
  }
}
