package io.fluxspark.program;

import io.fluxspark.error.FluxSparkException;

/**
 * Whether cuDNN's attention computes what it should on a GPU. PyTorch 2.7 has it, and takes
 * FlashAttention unless it is called by its name.
 */
final class CudnnAttention {
  private static final float MOST_DIFFERENCE = 0.02f;

  static final Program PROGRAM =
      new Program(
          "CudnnAttention",
          """
      def off(self: __torch__.CudnnAttention, beside: Tensor) -> Tensor:
        numbers = torch.arange(65536, dtype=6, device=ops.prim.device(beside))
        shape = [1, 256, 2, 128]
        q = torch.transpose(torch.to(torch.reshape(torch.sin(numbers), shape), 15), 1, 2)
        k = torch.transpose(torch.to(torch.reshape(torch.cos(numbers), shape), 15), 1, 2)
        v = torch.transpose(torch.to(torch.reshape(torch.sin(torch.mul(numbers, 2)), shape), 15), 1, 2)
        exact = torch.scaled_dot_product_attention(torch.to(q, 6), torch.to(k, 6), torch.to(v, 6))
        out = (torch._scaled_dot_product_cudnn_attention(q, k, v, None, False, 0., False, False))[0]
        return torch.max(torch.abs(torch.sub(torch.to(out, 6), exact)))
      """
              .indent(2));

  private CudnnAttention() {}

  /** Tries it. */
  static boolean worksOn(Device device) {
    try (LoadedProgram program = LoadedProgram.load(PROGRAM, device, Kernels.PORTABLE);
        TensorScope scope = new TensorScope(device)) {
      NativeTensor beside = scope.floats(new float[] {0}, 1);
      return program.call(scope, "off", beside.value()).toFloats()[0] < MOST_DIFFERENCE;
    } catch (FluxSparkException e) {
      return false;
    }
  }
}
