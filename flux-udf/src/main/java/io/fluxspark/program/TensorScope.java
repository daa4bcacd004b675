package io.fluxspark.program;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * The owner of native tensors: what is made in a scope is freed when the scope is closed, whatever
 * was thrown between. A scope is used by one thread at a time.
 */
public final class TensorScope implements AutoCloseable {
  private static final AtomicLong OPEN = new AtomicLong();

  private final Device device;
  private final Deque<IValue> owned = new ArrayDeque<>();

  public TensorScope(Device device) {
    this.device = device;
  }

  /** How many native values all scopes of this process hold. Once every scope is closed it is 0. */
  public static long openValues() {
    return OPEN.get();
  }

  public Device device() {
    return device;
  }

  /** A float32 tensor with the given elements, the last axis fastest. */
  public NativeTensor floats(float[] elements, long... shape) {
    requireFilled(elements.length, shape);
    return made(manager -> manager.create(elements, new Shape(shape)));
  }

  /** An int64 tensor with the given elements, the last axis fastest. */
  public NativeTensor longs(long[] elements, long... shape) {
    requireFilled(elements.length, shape);
    return made(manager -> manager.create(elements, new Shape(shape)));
  }

  /** An uint8 tensor with the given elements, the last axis fastest. */
  public NativeTensor bytes(byte[] elements, long... shape) {
    requireFilled(elements.length, shape);
    return made(
        manager -> {
          ByteBuffer direct = ByteBuffer.allocateDirect(elements.length).put(elements).flip();
          return manager.create(direct, new Shape(shape), DataType.UINT8.djl());
        });
  }

  /** DJL leaves out what is too much. */
  private static void requireFilled(long elements, long... shape) {
    if (elements != Arrays.stream(shape).reduce(1, Math::multiplyExact)) {
      throw new IllegalArgumentException(
          elements + " elements do not fill the shape " + Arrays.toString(shape));
    }
  }

  NativeTensor bytes(ByteBuffer elements, DataType type, long... shape) {
    return made(manager -> manager.create(elements, new Shape(shape), type.djl()));
  }

  private NativeTensor made(Function<PtNDManager, NDArray> maker) {
    // On the CPU the array that DJL makes is a view of a Java buffer, which lives no longer than
    // it.
    try (PtNDManager manager = Natives.manager(device);
        PtNDArray view = (PtNDArray) maker.apply(manager);
        PtNDArray copy = (PtNDArray) view.duplicate()) {
      return tensor(IValue.from(copy));
    } catch (EngineException e) {
      throw Natives.typed("copying a tensor to " + device, e);
    }
  }

  /**
   * Weights by their names; the tensors may be closed afterwards, the weights keep the memory
   * alive.
   */
  public NativeWeights weights(Map<String, NativeTensor> byName) {
    try (PtNDManager manager = Natives.manager(device)) {
      Map<String, PtNDArray> arrays = new HashMap<>();
      byName.forEach((name, tensor) -> arrays.put(name, tensor.value().toTensor(manager)));
      return new NativeWeights(own(IValue.stringMapFrom(arrays)));
    }
  }

  /** The weights of several layers as one list. */
  public NativeLayers layers(List<NativeWeights> layers) {
    return new NativeLayers(
        own(IValue.listFrom(layers.stream().map(NativeWeights::value).toArray(IValue[]::new))));
  }

  /** Several tensors as one list. */
  IValue list(List<NativeTensor> tensors) {
    return own(IValue.listFrom(tensors.stream().map(NativeTensor::value).toArray(IValue[]::new)));
  }

  NativeWeights weights(IValue map) {
    return new NativeWeights(own(map));
  }

  NativeTensor tensor(IValue value) {
    return new NativeTensor(own(value), device);
  }

  private IValue own(IValue value) {
    owned.push(value);
    OPEN.incrementAndGet();
    return value;
  }

  /** Frees one tensor of this scope before the scope ends. */
  public void free(NativeTensor tensor) {
    if (!owned.remove(tensor.value())) {
      throw new IllegalArgumentException("the tensor belongs to another scope");
    }
    tensor.value().close();
    OPEN.decrementAndGet();
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      owned.pop().close();
      OPEN.decrementAndGet();
    }
  }
}
