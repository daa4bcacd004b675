package io.fluxspark.benchmarks;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.Opened;
import io.fluxspark.program.Program;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.weights.WeightPlan;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A model part's programs, run as the library runs them on a GPU, with random weights that are made
 * on the device: no file has them, so nothing has to be brought there but the programs. It is used
 * by the thread that made it.
 *
 * <p>The library reads weights from files alone and lets nobody run a method by its name; so DJL is
 * called directly here.
 */
final class RandomPart implements AutoCloseable {
  private static final int MOST_AXES = 4;
  private static final String AXES = "ABCD";
  private static final float LARGEST_FLOAT8 = 448;
  private static final float OF_NORM = 0.1f;
  private static final float OF_BIAS = 0.03f;

  private final Opened opened = new Opened();
  private final PtNDManager manager;
  private final PtSymbolBlock block;
  private final PtSymbolBlock conversion;
  private final DataType type;
  private final WeightStorage storage;
  private IValue own;
  private final List<IValue> layers = new ArrayList<>();

  private RandomPart(Program program, Device device, DataType type, WeightStorage storage)
      throws IOException, MalformedModelException {
    this.manager = opened.add((PtNDManager) NDManager.newBaseManager(djl(device), "PyTorch"));
    this.type = type;
    this.storage = storage;
    // As the library does for each of its threads.
    JniUtils.setGraphExecutorOptimize(false);
    this.block = load(program, device);
    this.conversion = load(conversions(type), device);
  }

  /**
   * Compiles the program and makes the weights.
   *
   * @param plan of the program
   * @param type in which it computes
   * @param storage how it takes matrices; those in float8 have one scale
   */
  static RandomPart make(
      Program program, WeightPlan plan, Device device, DataType type, WeightStorage storage)
      throws IOException, MalformedModelException {
    RandomPart part = new RandomPart(program, device, type, storage);
    try {
      part.own = part.weights(plan.own(), name -> false);
      for (WeightPlan.Layers stack : plan.layers()) {
        IValue[] each = new IValue[stack.count()];
        for (int i = 0; i < each.length; i++) {
          each[i] = part.weights(stack.specs(), program::isProduct);
        }
        part.layers.add(part.opened.add(IValue.listFrom(each)));
      }
      return part;
    } catch (RuntimeException | Error e) {
      part.close();
      throw e;
    }
  }

  private static ai.djl.Device djl(Device device) {
    return device.isCuda() ? ai.djl.Device.gpu(device.index()) : ai.djl.Device.cpu();
  }

  private PtSymbolBlock load(Program program, Device device)
      throws IOException, MalformedModelException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    program.write(archive, device);
    Model model = opened.add(Model.newInstance(program.name(), djl(device), "PyTorch"));
    model.load(new ByteArrayInputStream(archive.toByteArray()));
    return (PtSymbolBlock) model.getBlock();
  }

  /** DJL has neither bfloat16 nor float8, so a program makes them of float32. */
  private static Program conversions(DataType type) {
    Program program = new Program("Conversions");
    for (DataType wanted : Stream.of(type, DataType.FLOAT8_E4M3FN).distinct().toList()) {
      for (int axes = 1; axes <= MOST_AXES; axes++) {
        Method method = program.method(conversion(wanted, axes));
        Dim[] shape =
            AXES.substring(0, axes)
                .chars()
                .mapToObj(c -> Dim.named("" + (char) c))
                .toArray(Dim[]::new);
        method.returns(method.input("x", DataType.FLOAT32, shape).to(wanted));
      }
    }
    return program;
  }

  private static String conversion(DataType wanted, int axes) {
    return "to_" + wanted.name().toLowerCase(Locale.ROOT) + "_" + axes;
  }

  private IValue weights(List<WeightSpec> specs, Predicate<String> isProduct) {
    Map<String, PtNDArray> map = new HashMap<>();
    try (PtNDManager temporary = (PtNDManager) manager.newSubManager()) {
      for (WeightSpec spec : specs) {
        boolean isFloat8 = storage != WeightStorage.AS_COMPUTED && spec.shape().size() == 2;
        float reach = reach(spec);
        NDArray numbers =
            isFloat8 ? uniform(temporary, spec, LARGEST_FLOAT8) : uniform(temporary, spec, reach);
        if (spec.shape().size() == 1 && spec.name().endsWith(".weight")) {
          numbers = numbers.add(1);
        }
        map.put(
            spec.name(), converted(temporary, numbers, isFloat8 ? DataType.FLOAT8_E4M3FN : type));
        if (isFloat8) {
          float scale = reach / LARGEST_FLOAT8;
          NDArray given =
              isProduct.test(spec.name())
                  ? temporary.full(new Shape(1, spec.shape().get(0)), scale)
                  : temporary.create(scale).toDevice(ai.djl.Device.cpu(), false);
          map.put(spec.name() + Method.SCALE, (PtNDArray) given);
        }
      }
      return opened.add(IValue.stringMapFrom(map));
    }
  }

  /** Matrices have the variance 1 / inputs, so that values keep their size through layers. */
  private static float reach(WeightSpec spec) {
    int axes = spec.shape().size();
    if (axes == 1) {
      return spec.name().endsWith(".weight") ? OF_NORM : OF_BIAS;
    }
    return (float) Math.sqrt(3.0 * spec.shape().get(0) / spec.elements());
  }

  private static NDArray uniform(PtNDManager owner, WeightSpec spec, float reach) {
    Shape shape = new Shape(spec.shape());
    return owner.randomUniform(-reach, reach, shape, ai.djl.ndarray.types.DataType.FLOAT32);
  }

  private PtNDArray converted(PtNDManager owner, NDArray numbers, DataType wanted) {
    String method = conversion(wanted, numbers.getShape().dimension());
    try (IValue given = IValue.from((PtNDArray) numbers);
        IValue made = IValueUtils.runMethod(conversion, method, given)) {
      return made.toTensor(owner);
    }
  }

  /** Weights outside of any layer. */
  IValue own() {
    return own;
  }

  /** A stack of layers, in the plan's order. */
  IValue layers(int stack) {
    return layers.get(stack);
  }

  /** Normal numbers, float32. */
  IValue normal(long... shape) {
    try (NDArray numbers = manager.randomNormal(new Shape(shape))) {
      return opened.add(IValue.from((PtNDArray) numbers));
    }
  }

  /** Given numbers, float32. */
  IValue floats(float[] numbers, long... shape) {
    try (NDArray array = manager.create(numbers, new Shape(shape))) {
      return opened.add(IValue.from((PtNDArray) array));
    }
  }

  /** Whole numbers from 0 to {@code below}, int64. */
  IValue indices(long below, long... shape) {
    try (NDArray array =
        manager.randomInteger(0, below, new Shape(shape), ai.djl.ndarray.types.DataType.INT64)) {
      return opened.add(IValue.from((PtNDArray) array));
    }
  }

  /** Runs a method whose results are kept. */
  IValue run(String method, IValue... arguments) {
    return opened.add(IValueUtils.runMethod(block, method, arguments));
  }

  /** Results of a method that has several. */
  IValue[] parts(IValue tuple) {
    IValue[] parts = tuple.toIValueTuple();
    for (IValue part : parts) {
      opened.add(part);
    }
    return parts;
  }

  /**
   * Runs a method and waits until the device has done it, by reading a number of its result.
   *
   * @return milliseconds
   */
  double milliseconds(String method, IValue... arguments) {
    long start = System.nanoTime();
    try (IValue result = IValueUtils.runMethod(block, method, arguments);
        PtNDArray array = result.toTensor(manager);
        NDArray flat = array.flatten()) {
      float number = flat.getFloat(0);
      double took = (System.nanoTime() - start) / 1e6;
      if (!Float.isFinite(number)) {
        throw new IllegalStateException(method + " gave " + number);
      }
      return took;
    }
  }

  @Override
  public void close() {
    opened.close();
  }
}
