package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;
import io.fluxspark.error.FluxSparkException;
import java.util.stream.IntStream;

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
      def int8(self: __torch__.PackedWeights, matrix: Tensor) -> Tuple[Tensor, Tensor]:
        numbers = torch.to(matrix, 6)
        scale = torch.clamp_min(torch.div(torch.amax(torch.abs(numbers), [1], True), 127.), 1.0E-12)
        rounded = torch.to(torch.round(torch.div(numbers, scale)), 1)
        return (ops.onednn.qlinear_prepack(rounded, None), torch.flatten(scale))
      def works(self: __torch__.PackedWeights, dtype: int) -> Tensor:
        matrix = torch.ones([32, 16], dtype=dtype)
        x = torch.ones([1, 8, 16], dtype=dtype)
        bias = torch.ones([32], dtype=dtype)
        y = ops.mkldnn._linear_pointwise(x, self.packed(matrix), bias, "gelu", annotate(List[Optional[number]], []), "tanh")
        return torch.to(y, 6)
      def works_in_int8(self: __torch__.PackedWeights) -> Tensor:
        rows = torch.full([8, 64], 255, dtype=0)
        matrix = ops.onednn.qlinear_prepack(torch.full([32, 64], 127, dtype=1), None)
        zeros = torch.zeros([32], dtype=4)
        y = ops.onednn.qlinear_pointwise(rows, 1., 128, matrix, torch.ones([32]), zeros, None, 1., 0, 6, "none", annotate(List[Optional[number]], []), "")
        return torch.sub(y, 1032256)
      """
              .indent(2));

  /**
   * A matrix in int8 and what its rows are to be multiplied by.
   *
   * @param matrix (out, in), which only the linear layers of programs can read
   * @param scale (out), float32
   */
  public record Int8(NativeTensor matrix, NativeTensor scale) {}

  private final LoadedProgram program;

  public PackedWeights() {
    this.program = LoadedProgram.load(PROGRAM, Device.cpu(), Kernels.PORTABLE);
  }

  /**
   * Whether a device multiplies in int8: a CPU with VNNI. Those without add products up in 16 bits,
   * which overflow.
   */
  public static boolean takesInt8(Device device) {
    return !device.isCuda() && OfThisProcessor.TAKES_INT8;
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
   * A copy of a matrix in {@link DataType#INT8}, each of its rows with a scale of its own.
   *
   * @param matrix (out, in), on the CPU
   */
  public Int8 int8(TensorScope owner, NativeTensor matrix) {
    try (IValue both = program.invoke("int8", matrix.value())) {
      IValue[] tensors = both.toIValueTuple();
      return new Int8(owner.tensor(tensors[0]), owner.tensor(tensors[1]));
    }
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

  private static final class OfThisProcessor {
    static final boolean TAKES_INT8 = takesInt8();

    private static boolean takesInt8() {
      try (PackedWeights matrices = new PackedWeights();
          TensorScope scope = new TensorScope(Device.cpu())) {
        float[] off = matrices.program.call(scope, "works_in_int8").toFloats();
        return IntStream.range(0, off.length).allMatch(i -> off[i] == 0);
      } catch (FluxSparkException e) {
        return false;
      }
    }
  }
}
