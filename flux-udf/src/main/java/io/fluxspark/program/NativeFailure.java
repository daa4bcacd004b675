package io.fluxspark.program;

import io.fluxspark.error.ErrorCode;
import java.util.List;
import java.util.Locale;

/** What PyTorch's messages mean: it tells its failures apart by their texts alone. */
final class NativeFailure {
  private static final List<String> TOO_LITTLE_MEMORY =
      List.of(
          "out of memory",
          "can't allocate memory",
          "not enough memory",
          "bad_alloc",
          "cublas_status_alloc_failed",
          "cudnn_status_alloc_failed");

  /**
   * After these, every call of CUDA in the process fails. Most are the texts of the errors of which
   * the CUDA runtime's reference says that the process must be terminated and relaunched ({@code
   * cudaError}, 214, 220, 700, 702, 710, 714 to 719 and 999); an Xid of the driver's log reaches a
   * process as one of them. The rest is how cuBLAS and cuDNN say that a kernel failed.
   */
  private static final List<String> DEVICE_LOST =
      List.of(
          "uncorrectable ecc error",
          "uncorrectable nvlink error",
          "illegal memory access",
          "launch timed out and was terminated",
          "device-side assert",
          "hardware stack error",
          "illegal instruction",
          "misaligned address",
          "operation not supported on global/shared address space",
          "invalid program counter",
          "unspecified launch failure",
          "cuda error: unknown error",
          "cublas_status_execution_failed",
          "cublas_status_internal_error",
          "cudnn_status_execution_failed",
          "cudnn_status_internal_error");

  private static final List<String> DEVICE_ERROR =
      List.of("cuda error", "cublas", "cudnn error", "cudnn_status");

  private NativeFailure() {}

  static ErrorCode codeOf(String message) {
    String lower = message.toLowerCase(Locale.ROOT);
    if (containsAny(lower, TOO_LITTLE_MEMORY)) {
      return ErrorCode.OUT_OF_MEMORY;
    }
    if (containsAny(lower, DEVICE_LOST)) {
      return ErrorCode.DEVICE_LOST;
    }
    return containsAny(lower, DEVICE_ERROR) ? ErrorCode.DEVICE_ERROR : ErrorCode.INTERNAL;
  }

  private static boolean containsAny(String text, List<String> parts) {
    return parts.stream().anyMatch(text::contains);
  }
}
