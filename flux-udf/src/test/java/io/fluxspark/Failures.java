package io.fluxspark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What every refusal of a bad input has in common. */
public final class Failures {
  private Failures() {}

  /**
   * Asserts that the call is refused with this code and a message of one line; the line can then be
   * looked at.
   */
  public static AbstractStringAssert<?> assertRefused(ErrorCode code, ThrowingCallable call) {
    FluxSparkException failure = catchThrowableOfType(FluxSparkException.class, call);
    assertThat(failure).as("refusal").isNotNull();
    assertThat(failure.code()).as(failure.getMessage()).isEqualTo(code);
    return assertThat(failure.getMessage()).doesNotContain("\n").doesNotContain("\r");
  }
}
