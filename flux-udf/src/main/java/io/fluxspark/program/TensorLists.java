package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;
import java.util.List;
import java.util.Map;

/** Joins tensors, and maps of weights. Several threads may use it at once. */
public final class TensorLists implements AutoCloseable {
  private static final Program PROGRAM =
      new Program(
          "TensorLists",
          """
      def joined(self: __torch__.TensorLists, parts: List[Tensor], axis: int, scale: float, dtype: int) -> Tensor:
        return torch.to(torch.mul(torch.cat(parts, axis), scale), dtype)
      def extended(self: __torch__.TensorLists, base: Dict[str, Tensor], more: Dict[str, Tensor]) -> Dict[str, Tensor]:
        both = torch.copy(base)
        torch.update(both, more)
        return both
      """
              .indent(2));

  private final LoadedProgram program;

  public TensorLists(Device device) {
    this.program = LoadedProgram.load(PROGRAM, device);
  }

  /**
   * Tensors joined along an axis, times a number.
   *
   * @param parts of one type, at least one; all other sizes are equal
   * @param type of the result
   */
  public NativeTensor joined(
      TensorScope owner, List<NativeTensor> parts, int axis, double scale, DataType type) {
    return program.call(
        owner,
        "joined",
        IValue.listFrom(parts.stream().map(NativeTensor::value).toArray(IValue[]::new)),
        IValue.from((long) axis),
        IValue.from(scale),
        IValue.from((long) type.code()));
  }

  /** The weights of {@code base}, whose memory is shared, and more under names of their own. */
  public NativeWeights extended(
      TensorScope owner, NativeWeights base, Map<String, NativeTensor> more) {
    try (TensorScope temporary = new TensorScope(owner.device())) {
      return owner.weights(
          program.invoke("extended", base.value(), temporary.weights(more).value()));
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
