package io.fluxspark.error;

/** What went wrong, as it stands in the {@code error_code} column and in front of messages. */
public enum ErrorCode {
  /** An option of the job has a wrong name or value. */
  INVALID_OPTION(ErrorType.USER),
  /** The prompt table cannot be read or its schema does not fit. */
  INVALID_TABLE(ErrorType.USER),
  /** One row of the prompt table has a wrong value. */
  INVALID_ROW(ErrorType.USER),
  /** The model folder is incomplete, damaged or of another family. */
  INVALID_MODEL(ErrorType.USER),
  /** The LoRA file is damaged, of a kind that is not read, or made for another model. */
  INVALID_LORA(ErrorType.USER),
  /** The output folder exists and is not ours, or cannot be written. */
  INVALID_OUTPUT(ErrorType.USER),
  /** Another run is writing the output folder. */
  OUTPUT_IN_USE(ErrorType.USER),
  /** The model computed infinities or NaN for this request. */
  NOT_FINITE(ErrorType.USER),
  /** A review of the pictures dropped this one, or failed on it. */
  REJECTED(ErrorType.USER),
  /** The device's memory or the host's was not enough. */
  OUT_OF_MEMORY(ErrorType.MACHINE),
  /** The accelerator, its driver or its natives failed or are missing. */
  DEVICE_ERROR(ErrorType.MACHINE),
  /** The accelerator failed so that nothing in this process can use it any more. */
  DEVICE_LOST(ErrorType.MACHINE),
  /** Reading or writing failed. */
  INPUT_OUTPUT(ErrorType.MACHINE),
  /** The work was interrupted. */
  INTERRUPTED(ErrorType.MACHINE),
  /** A defect of this project. */
  INTERNAL(ErrorType.INTERNAL);

  private final ErrorType type;

  ErrorCode(ErrorType type) {
    this.type = type;
  }

  /** Who can mend it. */
  public ErrorType type() {
    return type;
  }
}
