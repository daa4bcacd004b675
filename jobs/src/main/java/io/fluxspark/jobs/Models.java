package io.fluxspark.jobs;

import io.fluxspark.spark.Model;

/** Finds the models that jobs name. */
interface Models {
  /**
   * Looks through a model without loading it.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} when it is not complete
   */
  Model open(ModelSource source);
}
