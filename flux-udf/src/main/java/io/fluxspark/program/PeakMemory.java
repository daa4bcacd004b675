package io.fluxspark.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The most memory that a method's tensors take at a time, from their shapes: the method is gone
 * through line by line as PyTorch's interpreter does, which frees a value after its last use. The
 * tensors that callers give count too, as they hold them all the time; weights do not, nor what
 * PyTorch and its kernels keep for themselves.
 */
public final class PeakMemory {
  /** Layers are alike: the second finds what the first left, and says what all of them need. */
  private static final int LAYERS_RUN = 2;

  private final Map<String, Long> sizes;
  private final boolean isBringing;
  private long live;
  private long peak;

  private PeakMemory(Map<String, Long> sizes, boolean isBringing) {
    this.sizes = sizes;
    this.isBringing = isBringing;
  }

  /**
   * Of a method whose weights are where it computes.
   *
   * @param sizes what the named sizes of its tensors stand for
   * @return bytes
   */
  public static long of(Method method, Map<String, Long> sizes) {
    return new PeakMemory(sizes, false).peak(method);
  }

  /** As {@link #of}, where the method brings weights from elsewhere, see {@link Weights#beside}. */
  public static long ofBringing(Method method, Map<String, Long> sizes) {
    return new PeakMemory(sizes, true).peak(method);
  }

  private long peak(Method method) {
    List<Storage> given =
        method.inputs().stream().map(input -> held(bytes(input.type(), input.shape()))).toList();
    given.forEach(Storage::hold);
    run(method, given);
    return peak;
  }

  /** Memory that is there as long as a variable holds it. */
  private final class Storage {
    private final long bytes;
    private int holders;

    private Storage(long bytes) {
      this.bytes = bytes;
    }

    private Storage hold() {
      if (holders++ == 0) {
        live += bytes;
        peak = Math.max(peak, live);
      }
      return this;
    }

    private void release() {
      if (--holders == 0) {
        live -= bytes;
      }
    }
  }

  private Storage held(long bytes) {
    return new Storage(bytes).hold();
  }

  private long bytes(DataType type, List<Dim> shape) {
    return shape.stream()
        .mapToLong(dim -> dim.value(sizes))
        .reduce(type.bytes(), Math::multiplyExact);
  }

  /** The variables of a method that runs. */
  private static final class Frame {
    private final Map<String, Storage> variables = new HashMap<>();

    Storage get(String name) {
      return variables.get(name);
    }

    /** Takes over what is held. */
    void put(String name, Storage held) {
      Storage before = variables.put(name, held);
      if (before != null) {
        before.release();
      }
    }

    void release(String name) {
      Storage storage = variables.remove(name);
      if (storage != null) {
        storage.release();
      }
    }

    void keepOnly(Set<String> names) {
      List.copyOf(variables.keySet()).stream()
          .filter(name -> !names.contains(name))
          .forEach(this::release);
    }
  }

  /**
   * Runs a method.
   *
   * @param given its tensors, held for it
   * @return its results, held for the caller
   */
  private List<Storage> run(Method method, List<Storage> given) {
    Frame frame = new Frame();
    for (int i = 0; i < given.size(); i++) {
      frame.put(method.inputNames().get(i), given.get(i));
    }
    List<Operation> operations = method.operations();
    for (int i = 0; i < operations.size(); i++) {
      Set<String> needed = needed(method, operations.subList(i + 1, operations.size()));
      Set<String> now = needed(method, operations.subList(i, operations.size()));
      frame.keepOnly(now);
      run(frame, operations.get(i), needed);
      frame.keepOnly(needed);
    }
    List<Storage> results =
        method.results().stream().map(result -> frame.get(result.expression()).hold()).toList();
    frame.keepOnly(Set.of());
    return results;
  }

  /** The variables that what is left of a method uses. */
  private static Set<String> needed(Method method, List<Operation> left) {
    Set<String> needed =
        method.results().stream().map(Tensor::expression).collect(Collectors.toSet());
    left.forEach(operation -> needed.addAll(operation.arguments()));
    return needed;
  }

  private void run(Frame frame, Operation operation, Set<String> needed) {
    if (operation.callee().isPresent()) {
      call(frame, operation, operation.callee().get(), needed);
      return;
    }
    Tensor result = operation.results().get(0);
    Storage made =
        operation
            .viewed()
            .map(name -> frame.get(name).hold())
            .orElseGet(() -> held(bytes(result.type(), result.shape())));
    long passing = 0;
    for (Operation.Block block : operation.passing()) {
      passing += bytes(block.type(), block.shape());
    }
    if (isBringing) {
      for (Operation.Block block : operation.brought()) {
        passing += bytes(block.type(), block.shape());
      }
    }
    held(passing).release();
    frame.put(result.expression(), made);
  }

  private void call(Frame frame, Operation operation, Method callee, Set<String> needed) {
    boolean isLoop = operation.layers() > 0 || !operation.carried().isEmpty();
    int rounds = isLoop ? LAYERS_RUN : 1;
    List<Storage> gathered = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      List<Storage> given =
          operation.arguments().stream().map(name -> frame.get(name).hold()).toList();
      // The callee is the last to hold what is not used any more, or is made anew by it.
      operation.carried().forEach(frame::release);
      if (round == rounds - 1) {
        operation.arguments().stream()
            .filter(name -> !needed.contains(name))
            .forEach(frame::release);
      }
      List<Storage> made = run(callee, given);
      if (operation.layers() > 0) {
        gathered.addAll(made);
      } else {
        for (int i = 0; i < made.size(); i++) {
          frame.put(operation.results().get(i).expression(), made.get(i));
        }
      }
    }
    if (operation.layers() > 0) {
      Tensor all = operation.results().get(0);
      long bytes = bytes(all.type(), all.shape());
      long ofOtherLayers = bytes / operation.layers() * Math.max(0, operation.layers() - rounds);
      Storage others = held(ofOtherLayers);
      frame.put(all.expression(), held(bytes));
      others.release();
      gathered.forEach(Storage::release);
    }
  }
}
