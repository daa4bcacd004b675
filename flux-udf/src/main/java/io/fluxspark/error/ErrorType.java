package io.fluxspark.error;

/** Who can mend a failure. Retries and exit codes follow it. */
public enum ErrorType {
  /** The request was wrong: the same request fails again. */
  USER,
  /** A defect of this project: the same request fails again. */
  INTERNAL,
  /** The machine or a service failed: the same request may succeed later or elsewhere. */
  MACHINE
}
