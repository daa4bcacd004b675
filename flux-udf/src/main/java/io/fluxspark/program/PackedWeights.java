package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;
import io.fluxspark.error.FluxSparkException;

/**
 * Brings the weights of linear layers and convolutions into the layout in which oneDNN takes them
 * fastest on this processor. Used by one thread at a time.
 */
public final class PackedWeights implements AutoCloseable {
  private static final Program PROGRAM =
      new Program(
          "PackedWeights",
          """
      def packed(self: __torch__.PackedWeights, matrix: Tensor) -> Tensor:
        return ops.mkldnn._reorder_linear_weight(matrix, None)
      def channels_last(self: __torch__.PackedWeights, kernels: Tensor) -> Tensor:
        return torch.contiguous(kernels, memory_format=2)
      def works(self: __torch__.PackedWeights, dtype: int) -> Tensor:
        matrix = torch.ones([32, 16], dtype=dtype)
        x = torch.ones([1, 8, 16], dtype=dtype)
        bias = torch.ones([32], dtype=dtype)
        y = ops.mkldnn._linear_pointwise(x, self.packed(matrix), bias, "gelu", annotate(List[Optional[number]], []), "tanh")
        return torch.to(y, 6)
      """
              .indent(2));

  private final LoadedProgram program;

  public PackedWeights() {
    this.program = LoadedProgram.load(PROGRAM, Device.cpu(), Kernels.PORTABLE);
  }

  /** Whether weights of a type can be packed. */
  public static boolean takes(DataType type) {
    return Kernels.takes(type);
  }

  /** Whether PyTorch has oneDNN here, with all of {@link Kernels#TYPES} on this processor. */
  static boolean isPossible() {
    try (PackedWeights matrices = new PackedWeights();
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
  public NativeTensor matrix(TensorScope owner, NativeTensor matrix) {
    return program.call(owner, "packed", matrix.value());
  }

  /**
   * A copy of a convolution's kernels with the channels of a place beside each other. What a
   * convolution with them gives has the same order, and so what follows.
   *
   * @param kernels (out, in, kernel, kernel)
   */
  public NativeTensor kernels(TensorScope owner, NativeTensor kernels) {
    return program.call(owner, "channels_last", kernels.value());
  }

  @Override
  public void close() {
    program.close();
  }
}
