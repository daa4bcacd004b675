package io.fluxspark.program;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.function.Function;

/**
 * A tensor in native memory. It belongs to the {@link TensorScope} that made it, which closes it.
 */
public final class NativeTensor implements Argument {
  private final IValue value;
  private final Device device;

  NativeTensor(IValue value, Device device) {
    this.value = value;
    this.device = device;
  }

  IValue value() {
    return value;
  }

  public Device device() {
    return device;
  }

  /** Sizes of all axes. */
  public long[] shape() {
    return read(array -> array.getShape().getShape());
  }

  /** All elements of a float32 tensor, the last axis fastest. */
  public float[] toFloats() {
    return read(PtNDArray::toFloatArray);
  }

  /** All elements of an int64 tensor, the last axis fastest. */
  public long[] toLongs() {
    return read(PtNDArray::toLongArray);
  }

  /** All elements of an uint8 tensor, the last axis fastest. */
  public byte[] toBytes() {
    return read(PtNDArray::toByteArray);
  }

  private <T> T read(Function<PtNDArray, T> reader) {
    try (PtNDManager manager = Natives.manager(device);
        PtNDArray array = value.toTensor(manager)) {
      return reader.apply(array);
    } catch (EngineException e) {
      // A GPU works while Java goes on: what failed in a program is often said here first.
      throw Natives.typed("reading a tensor from " + device, e);
    }
  }
}
