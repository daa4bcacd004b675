package io.fluxspark.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The texts are PyTorch's, as it writes them. */
class NativeFailureTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "OUT_OF_MEMORY | CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB",
        "OUT_OF_MEMORY | CUDA error: out of memory",
        "OUT_OF_MEMORY | [enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory",
        "OUT_OF_MEMORY | CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "OUT_OF_MEMORY | std::bad_alloc",
        "DEVICE_LOST | CUDA error: an illegal memory access was encountered",
        "DEVICE_LOST | CUDA error: device-side assert triggered",
        "DEVICE_LOST | CUDA error: unspecified launch failure",
        "DEVICE_LOST | CUDA error: uncorrectable ECC error encountered",
        "DEVICE_LOST | CUDA error: misaligned address",
        "DEVICE_LOST | CUDA error: the launch timed out and was terminated",
        "DEVICE_LOST | CUDA error: unknown error",
        "DEVICE_LOST | CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx( handle)`",
        "DEVICE_LOST | cuDNN error: CUDNN_STATUS_INTERNAL_ERROR",
        "DEVICE_ERROR | CUDA error: invalid device ordinal",
        "DEVICE_ERROR | CUDA error: no kernel image is available for execution on the device",
        "DEVICE_ERROR | CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
        "DEVICE_ERROR | cuDNN error: CUDNN_STATUS_NOT_SUPPORTED",
        "INTERNAL | shape '[5]' is invalid for input of size 3"
      })
  void codesFollowTheText(ErrorCode code, String message) {
    assertThat(NativeFailure.codeOf(message)).isEqualTo(code);
    assertThat(NativeFailure.codeOf("RuntimeError: " + message + "\n")).isEqualTo(code);
  }
}
