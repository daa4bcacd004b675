package io.fluxspark.program;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import org.junit.jupiter.api.Test;

class DeviceTest {
  /** More than any machine has, so that the test means the same on one with GPUs. */
  private static final Device MISSING = Device.cuda(1000);

  @Test
  void isNamedAsPyTorchNamesIt() {
    assertThat(Device.cpu()).hasToString("cpu");
    assertThat(Device.cuda(1)).hasToString("cuda:1");
    assertThat(Device.cpu().isCuda()).isFalse();
    assertThat(Device.cuda(0).isCuda()).isTrue();
  }

  @Test
  void aDeviceThatCannotBeIsRefused() {
    assertThatThrownBy(() -> new Device("tpu", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("device tpu is neither cpu nor cuda");
    assertThatThrownBy(() -> Device.cuda(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("device index -1 is negative");
    assertThatThrownBy(() -> new Device("cpu", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("device index 1; there is one CPU, 0");
  }

  @Test
  void aGpuThatIsNotThereIsAFailureThatSaysWhatIsNeeded() {
    Program program = new Program("Any");
    Method method = program.method("same");
    method.returns(method.input("x", DataType.FLOAT32, Dim.of(1)));

    assertRefused(ErrorCode.DEVICE_ERROR, () -> LoadedProgram.load(program, MISSING))
        .startsWith("the task was given cuda:1000, but ")
        .contains("CUDA build", "PYTORCH_LIBRARY_PATH", "PYTORCH_VERSION", "PYTORCH_FLAVOR")
        .contains("driver");
  }

  @Test
  void tensorsOfAGpuThatIsNotThereAreRefusedToo() {
    try (TensorScope scope = new TensorScope(MISSING)) {
      assertRefused(ErrorCode.DEVICE_ERROR, () -> scope.floats(new float[1], 1))
          .contains("cuda:1000");
    }
  }

  @Test
  void aGpuThatIsNotThereHasNoCacheToEmptyAndTheCpuNeverHas() {
    assertRefused(ErrorCode.DEVICE_ERROR, () -> DeviceCache.empty(MISSING)).contains("cuda:1000");
    assertThatCode(() -> DeviceCache.empty(Device.cpu())).doesNotThrowAnyException();
  }
}
