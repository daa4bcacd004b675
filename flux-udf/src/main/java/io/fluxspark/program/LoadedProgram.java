package io.fluxspark.program;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.fluxspark.error.FluxSparkException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A program that can run. It holds no weights. Several threads may run it at once. */
public final class LoadedProgram implements AutoCloseable {
  /** How DJL is told which method an argument list is for. */
  private static final String METHOD = "module_method:";

  private final String name;
  private final Model model;
  private final PtSymbolBlock block;
  private final Kernels kernels;

  private LoadedProgram(String name, Model model, Kernels kernels) {
    this.name = name;
    this.model = model;
    this.kernels = kernels;
    this.block = (PtSymbolBlock) model.getBlock();
  }

  /**
   * Compiles a program.
   *
   * @throws FluxSparkException {@code INTERNAL} where PyTorch refuses it, {@code DEVICE_ERROR}
   *     where PyTorch is not there
   */
  public static LoadedProgram load(Program program, Device device) {
    return load(program, device, program.hasGradients() ? Kernels.PORTABLE : Kernels.of(device));
  }

  static LoadedProgram load(Program program, Device device, Kernels kernels) {
    Natives.engine(device);
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    Model model = Model.newInstance(program.name(), device.djl(), "PyTorch");
    try {
      program.write(archive, kernels);
      model.load(new ByteArrayInputStream(archive.toByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (MalformedModelException | RuntimeException e) {
      model.close();
      throw Natives.typed(
          "program " + program.name(), new IllegalStateException(e.getMessage(), e));
    }
    return new LoadedProgram(program.name(), model, kernels);
  }

  /** Whether linear layers take {@link PackedWeights} too. */
  public boolean takesPackedWeights() {
    return kernels == Kernels.ONEDNN;
  }

  /**
   * Runs a method.
   *
   * @param scope the owner of the results; its device is where the arguments live
   * @return the method's results, in their order
   * @throws FluxSparkException where PyTorch fails: {@code OUT_OF_MEMORY}, {@code DEVICE_ERROR} or
   *     {@code INTERNAL}
   */
  public List<NativeTensor> run(TensorScope scope, Method method, Argument... arguments) {
    return run(scope, method.name(), arguments);
  }

  private List<NativeTensor> run(TensorScope scope, String method, Argument... arguments) {
    List<IValue> temporary = new ArrayList<>();
    try {
      IValue[] values =
          Arrays.stream(arguments).map(a -> value(a, temporary)).toArray(IValue[]::new);
      IValue result = invoke(method, values);
      if (result.isTensor()) {
        return List.of(scope.tensor(result));
      }
      try (result) {
        return Arrays.stream(result.toIValueTuple()).map(scope::tensor).toList();
      }
    } finally {
      temporary.forEach(IValue::close);
    }
  }

  /**
   * Runs a method and adds the gradients of its weights to sums.
   *
   * @param scope the owner of the results; its device is where the arguments live
   * @param weights all weights that the method reads, under their full names; those that {@code
   *     sums} has too are float32, the others have the type in which the method computes
   * @param sums of the gradients of the weights that are trained; changed in place
   * @param inputs of the method by their names, without weights
   * @param gradients of the method's results, in their order
   * @return the method's results, then the gradients of the inputs that {@code gradient} was asked
   *     for, in the order in which they were asked for
   * @throws FluxSparkException where PyTorch fails: {@code OUT_OF_MEMORY}, {@code DEVICE_ERROR} or
   *     {@code INTERNAL}
   */
  public List<NativeTensor> run(
      TensorScope scope,
      Gradient gradient,
      List<Parameters> weights,
      Parameters sums,
      Map<String, NativeTensor> inputs,
      List<NativeTensor> gradients) {
    Natives.prepareThread();
    boolean before = JniUtils.isGradMode();
    // Only this way of running a method is not in inference mode, in which nothing is recorded.
    try (PtNDManager manager = Natives.manager(scope.device())) {
      NDList arguments = new NDList();
      arguments.add(named(manager.zeros(new Shape(1)), METHOD + gradient.name()));
      weights.forEach(some -> arguments.addAll(some.entries(Gradient.WEIGHTS)));
      arguments.addAll(sums.entries(Gradient.SUMS));
      addTensors(
          arguments,
          manager,
          gradient.inputs(),
          gradient.inputs().stream().map(inputs::get).toList());
      addTensors(arguments, manager, gradient.gradients(), gradients);
      JniUtils.setGradMode(true);
      return IValueUtils.forward(block, arguments, true).stream()
          .map(result -> scope.tensor(IValue.from((PtNDArray) result)))
          .toList();
    } catch (EngineException e) {
      throw Natives.typed("program " + name + "." + gradient.name(), e);
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  private static void addTensors(
      NDList arguments, PtNDManager manager, List<String> names, List<NativeTensor> tensors) {
    if (names.size() != tensors.size()) {
      throw new IllegalArgumentException(names + " are wanted, given are " + tensors.size());
    }
    for (int i = 0; i < names.size(); i++) {
      arguments.add(named(tensors.get(i).value().toTensor(manager), names.get(i)));
    }
  }

  private static NDArray named(NDArray array, String name) {
    array.setName(name);
    return array;
  }

  /** Runs a method that gives one tensor, and closes the arguments that are no tensors. */
  NativeTensor call(TensorScope scope, String method, IValue... arguments) {
    try {
      return scope.tensor(invoke(method, arguments));
    } finally {
      Arrays.stream(arguments).filter(a -> !a.isTensor()).forEach(IValue::close);
    }
  }

  /** Runs a method; the caller owns its result. */
  IValue invoke(String method, IValue... arguments) {
    Natives.prepareThread();
    try {
      return IValueUtils.runMethod(block, method, arguments);
    } catch (RuntimeException e) {
      throw Natives.typed("program " + name + "." + method, e);
    }
  }

  private static IValue value(Argument argument, List<IValue> temporary) {
    if (argument instanceof NativeTensor tensor) {
      return tensor.value();
    } else if (argument instanceof NativeWeights weights) {
      return weights.value();
    } else if (argument instanceof NativeLayers layers) {
      return layers.value();
    }
    IValue value =
        argument instanceof Argument.Size size
            ? IValue.from(size.value())
            : IValue.listFrom(((Argument.Seeds) argument).values());
    temporary.add(value);
    return value;
  }

  @Override
  public void close() {
    model.close();
  }
}
