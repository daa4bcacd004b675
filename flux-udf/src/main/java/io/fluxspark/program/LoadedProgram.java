package io.fluxspark.program;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import io.fluxspark.error.FluxSparkException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A program that can run. It holds no weights. Several threads may run it at once. */
public final class LoadedProgram implements AutoCloseable {
  private final String name;
  private final Model model;
  private final PtSymbolBlock block;

  private LoadedProgram(String name, Model model) {
    this.name = name;
    this.model = model;
    this.block = (PtSymbolBlock) model.getBlock();
  }

  /**
   * Compiles a program.
   *
   * @throws FluxSparkException {@code INTERNAL} where PyTorch refuses it, {@code DEVICE_ERROR}
   *     where PyTorch is not there
   */
  public static LoadedProgram load(Program program, Device device) {
    Natives.engine(device);
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    Model model = Model.newInstance(program.name(), device.djl(), "PyTorch");
    try {
      program.write(archive);
      model.load(new ByteArrayInputStream(archive.toByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (MalformedModelException | RuntimeException e) {
      model.close();
      throw Natives.typed(
          "program " + program.name(), new IllegalStateException(e.getMessage(), e));
    }
    return new LoadedProgram(program.name(), model);
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
