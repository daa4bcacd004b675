package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.ImageRequest;
import java.util.Map;

/** What one row asks for. */
sealed interface RowRequest {
  /** One picture. */
  record Valid(ImageRequest image) implements RowRequest {}

  /**
   * Nothing that can be made.
   *
   * @param given the row's own values by column
   */
  record Invalid(Map<String, Object> given, FluxSparkException failure) implements RowRequest {}
}
