package io.fluxspark.jobs;

/** Finds the models that jobs name. */
interface Models {
  /**
   * Looks through a model without loading it.
   *
   * @param location a folder, or {@code builtin:NAME}
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} when it is not complete
   */
  Model open(String location);
}
