package io.fluxspark.error;

import java.util.Objects;

/**
 * Every failure that this project reports. The message is one line: what is wrong, where (file,
 * row, column, key), and what would be right.
 */
public final class FluxSparkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public FluxSparkException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public FluxSparkException(ErrorCode code, String message, Throwable cause) {
    super(Objects.requireNonNull(message, "message"), cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  public ErrorCode code() {
    return code;
  }

  public ErrorType type() {
    return code.type();
  }

  /** With the code: of what tasks throw, Spark sometimes passes on no more than this text. */
  @Override
  @SuppressWarnings("OverrideThrowableToString") // the message alone is what people read elsewhere
  public String toString() {
    return getClass().getName() + ": " + code + ": " + getMessage();
  }
}
