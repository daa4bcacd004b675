package io.fluxspark.request;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.Locale;

/** How a set of templates becomes rows. */
public enum PromptMode {
  /** Every combination, each once. */
  GRID,
  /** So many combinations, drawn by weight. */
  SAMPLE;

  /**
   * The mode of that name.
   *
   * @param place in messages
   * @throws FluxSparkException {@code INVALID_OPTION} for any other
   */
  public static PromptMode fromName(String name, String place) {
    for (PromptMode mode : values()) {
      if (mode.name().toLowerCase(Locale.ROOT).equals(name)) {
        return mode;
      }
    }
    throw new FluxSparkException(
        ErrorCode.INVALID_OPTION, place + ": '" + name + "'; grid or sample is needed");
  }
}
