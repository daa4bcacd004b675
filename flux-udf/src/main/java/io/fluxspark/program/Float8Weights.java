package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.stream.IntStream;

/**
 * Brings matrices to float8 as {@link WeightStorage#FLOAT8_PRODUCTS} takes them. Used by one thread
 * at a time.
 */
public final class Float8Weights implements AutoCloseable {
  // The largest number of float8 is 448. A row of zeros has a scale too.
  private static final Program PROGRAM =
      new Program(
          "Float8Weights",
          """
      def narrow(self: __torch__.Float8Weights, matrix: Tensor) -> Tuple[Tensor, Tensor]:
        numbers = torch.to(matrix, 6)
        scale = torch.clamp_min(torch.div(torch.linalg_vector_norm(numbers, inf, [1], True), 448.), 1.0E-12)
        return (torch.to(torch.div(numbers, scale), 24), torch.reshape(scale, [1, -1]))
      def scales(self: __torch__.Float8Weights, scale: Tensor, out: int) -> Tensor:
        return torch.contiguous(torch.expand(torch.reshape(scale, [1, 1]), [1, out]))
      def works(self: __torch__.Float8Weights, beside: Tensor) -> Tensor:
        rows = torch.to(torch.expand(beside, [16, 16]), 24)
        scales = torch.contiguous(torch.expand(beside, [16, 1]))
        y = torch._scaled_mm(rows, torch.t(rows), scales, torch.t(scales), None, None, 15, True)
        return torch.sub(torch.to(y, 6), 16)
      """
              .indent(2));

  /**
   * A matrix in {@link DataType#FLOAT8_E4M3FN} and what its rows are to be multiplied by.
   *
   * @param matrix (out, in)
   * @param scales (1, out), float32
   */
  public record Narrow(NativeTensor matrix, NativeTensor scales) {}

  private final LoadedProgram program;

  public Float8Weights(Device device) {
    this.program = LoadedProgram.load(PROGRAM, device, Kernels.PORTABLE);
  }

  /**
   * Whether a GPU multiplies in float8, as Ada's and Hopper's do.
   *
   * @throws FluxSparkException where it computes nothing at all
   */
  public static boolean areMultipliedBy(Device gpu) {
    try (Float8Weights matrices = new Float8Weights(gpu);
        TensorScope scope = new TensorScope(gpu)) {
      NativeTensor one = scope.floats(new float[] {1}, 1, 1);
      float[] off = matrices.program.call(scope, "works", one.value()).toFloats();
      return IntStream.range(0, off.length).allMatch(i -> off[i] == 0);
    } catch (FluxSparkException e) {
      if (e.code() != ErrorCode.INTERNAL) {
        throw e;
      }
      return false;
    }
  }

  /**
   * A copy of a matrix in float8, each of its rows with a scale of its own.
   *
   * @param matrix (out, in), in any type
   */
  public Narrow narrow(TensorScope owner, NativeTensor matrix) {
    try (IValue both = program.invoke("narrow", matrix.value())) {
      IValue[] tensors = both.toIValueTuple();
      return new Narrow(owner.tensor(tensors[0]), owner.tensor(tensors[1]));
    }
  }

  /**
   * The scales of a matrix that has one for all of its rows.
   *
   * @param scale one number, float32
   * @param out rows
   * @return (1, out), float32
   */
  public NativeTensor scales(TensorScope owner, NativeTensor scale, long out) {
    return program.call(owner, "scales", scale.value(), IValue.from(out));
  }

  @Override
  public void close() {
    program.close();
  }
}
