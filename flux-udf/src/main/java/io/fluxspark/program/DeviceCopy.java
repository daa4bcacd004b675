package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;

/** Copies tensors of any type from one device to another. Several threads may use it at once. */
public final class DeviceCopy implements AutoCloseable {
  private static final Program PROGRAM =
      new Program(
          "DeviceCopy",
          """
      def copy(self: __torch__.DeviceCopy, x: Tensor, device: str) -> Tensor:
        return torch.to(x, torch.device(device))
      """
              .indent(2));

  private final LoadedProgram program = LoadedProgram.load(PROGRAM, Device.cpu());

  /**
   * The same numbers where the owner's tensors are; the memory is shared where that is the same
   * device.
   *
   * @param x any shape and type
   */
  public NativeTensor copy(TensorScope owner, NativeTensor x) {
    return program.call(owner, "copy", x.value(), IValue.from(owner.device().toString()));
  }

  @Override
  public void close() {
    program.close();
  }
}
