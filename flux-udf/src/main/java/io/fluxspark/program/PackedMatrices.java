package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;
import io.fluxspark.error.FluxSparkException;

/**
 * Brings the matrices of linear layers into the layout in which oneDNN multiplies them on this
 * processor. Used by one thread at a time.
 */
public final class PackedMatrices implements AutoCloseable {
  private static final Program PROGRAM =
      new Program(
          "PackedMatrices",
          """
      def packed(self: __torch__.PackedMatrices, matrix: Tensor) -> Tensor:
        return ops.mkldnn._reorder_linear_weight(matrix, None)
      def works(self: __torch__.PackedMatrices, dtype: int) -> Tensor:
        matrix = torch.ones([32, 16], dtype=dtype)
        x = torch.ones([1, 8, 16], dtype=dtype)
        bias = torch.ones([32], dtype=dtype)
        y = ops.mkldnn._linear_pointwise(x, self.packed(matrix), bias, "gelu", annotate(List[Optional[number]], []), "tanh")
        return torch.to(y, 6)
      """
              .indent(2));

  private final LoadedProgram program;

  public PackedMatrices() {
    this.program = LoadedProgram.load(PROGRAM, Device.cpu(), Kernels.PORTABLE);
  }

  /** Whether matrices of a type can be packed. */
  public static boolean takes(DataType type) {
    return Kernels.takes(type);
  }

  /** Whether PyTorch has oneDNN here, with all of {@link Kernels#TYPES} on this processor. */
  static boolean isPossible() {
    try (PackedMatrices matrices = new PackedMatrices();
        TensorScope scope = new TensorScope(Device.cpu())) {
      Kernels.TYPES.forEach(
          type -> matrices.program.call(scope, "works", IValue.from((long) type.code())));
      return true;
    } catch (FluxSparkException e) {
      return false;
    }
  }

  /**
   * A copy of a matrix, which only the linear layers of programs can read.
   *
   * @param matrix (out, in), float32 or bfloat16, on the CPU
   */
  public NativeTensor packed(TensorScope owner, NativeTensor matrix) {
    return program.call(owner, "packed", matrix.value());
  }

  @Override
  public void close() {
    program.close();
  }
}
