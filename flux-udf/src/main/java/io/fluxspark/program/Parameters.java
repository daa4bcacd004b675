package io.fluxspark.program;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tensors under names that training reads and changes in place: weights, their gradients, what an
 * optimizer keeps of each. Of tensors that programs returned it holds copies, because PyTorch
 * refuses to differentiate by what was made in its inference mode.
 *
 * <p>Used by one thread at a time; several threads may compute gradients at once with weights that
 * nobody changes meanwhile.
 */
public final class Parameters implements AutoCloseable {
  private final PtNDManager manager;
  private final TensorScope scope;
  private final Map<String, PtNDArray> arrays = new LinkedHashMap<>();
  private final Map<String, NativeTensor> tensors = new LinkedHashMap<>();
  private IValue list;

  private Parameters(Device device) {
    this.manager = Natives.manager(device);
    this.scope = new TensorScope(device);
  }

  /**
   * Copies of tensors, in the order of the map.
   *
   * @param byName on {@code device}; they stay the caller's
   */
  public static Parameters copyOf(Device device, Map<String, NativeTensor> byName) {
    Parameters copies = new Parameters(device);
    try {
      byName.forEach(copies::addCopy);
      return copies;
    } catch (RuntimeException | Error e) {
      copies.close();
      throw e;
    }
  }

  /** Copies of these. */
  public Parameters copy() {
    return copyOf(scope.device(), tensors);
  }

  /** Zeros under the names and with the shapes of these, float32. */
  public Parameters zeros() {
    Parameters zeros = new Parameters(scope.device());
    try {
      arrays.forEach((name, array) -> zeros.add(name, (PtNDArray) manager.zeros(array.getShape())));
      return zeros;
    } catch (RuntimeException | Error e) {
      zeros.close();
      throw e;
    }
  }

  /**
   * Gives one of them other numbers, in place.
   *
   * @param from of the same shape, float32, on the same device; it stays the caller's
   */
  public void set(String name, NativeTensor from) {
    try (PtNDArray source = from.value().toTensor(manager)) {
      if (!source.getShape().equals(arrays.get(name).getShape())) {
        throw new IllegalArgumentException(
            name + " has shape " + arrays.get(name).getShape() + ", not " + source.getShape());
      }
      source.copyTo(arrays.get(name));
    }
  }

  private void addCopy(String name, NativeTensor tensor) {
    try (PtNDArray array = tensor.value().toTensor(manager)) {
      add(name, (PtNDArray) array.duplicate());
    }
  }

  private void add(String name, PtNDArray array) {
    arrays.put(name, array);
    tensors.put(name, scope.tensor(IValue.from(array)));
  }

  public Device device() {
    return scope.device();
  }

  public Set<String> names() {
    return tensors.keySet();
  }

  /** One of them; it stays theirs. */
  public NativeTensor get(String name) {
    return tensors.get(name);
  }

  /** All of them, in their order; they stay theirs. */
  public Map<String, NativeTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** How many numbers they hold together. */
  public long elements() {
    return arrays.values().stream().mapToLong(array -> array.getShape().size()).sum();
  }

  /** As entries {@code map.NAME} of an argument list, from which DJL makes a map. */
  List<PtNDArray> entries(String map) {
    List<PtNDArray> entries = new ArrayList<>();
    arrays.forEach(
        (name, array) -> {
          array.setName(map + "." + name);
          entries.add(array);
        });
    return entries;
  }

  /** As one list, in the order of the names. */
  IValue list() {
    if (list == null) {
      list = scope.list(List.copyOf(tensors.values()));
    }
    return list;
  }

  @Override
  public void close() {
    scope.close();
    manager.close();
  }
}
