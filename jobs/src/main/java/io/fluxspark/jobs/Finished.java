package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.ErrorType;
import io.fluxspark.spark.Tables;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What an output has committed.
 *
 * @param made keys of pictures; nothing where there are none
 * @param failed keys and codes of failed requests; nothing where there are none
 */
record Finished(Optional<Dataset<Row>> made, Optional<Dataset<Row>> failed) {

  /** Of planned pictures, those that are not made. */
  Dataset<Row> missing(Dataset<Row> images) {
    return made.map(keys -> without(images, keys)).orElse(images);
  }

  /**
   * Of planned pictures, those that may succeed: all but those that failed by something that would
   * fail again.
   */
  Dataset<Row> promising(Dataset<Row> images) {
    Object[] lasting =
        Arrays.stream(ErrorCode.values())
            .filter(code -> code.type() != ErrorType.MACHINE)
            .map(ErrorCode::name)
            .toArray();
    return failed
        .map(errors -> without(images, errors.where(col(Tables.ERROR_CODE).isin(lasting))))
        .orElse(images);
  }

  /** Whether nothing was committed. */
  boolean isEmpty() {
    return made.isEmpty() && failed.isEmpty();
  }

  /** Whether requests have failed. */
  boolean hasErrors() {
    return failed.isPresent();
  }

  /** Of errors, those of requests that have not failed so. */
  Dataset<Row> newErrors(Dataset<Row> errors) {
    return failed
        .map(
            old ->
                errors.join(
                    old,
                    errors
                        .col(Tables.REQUEST_KEY)
                        .equalTo(old.col(Tables.REQUEST_KEY))
                        .and(errors.col(Tables.ERROR_CODE).equalTo(old.col(Tables.ERROR_CODE))),
                    "left_anti"))
        .orElse(errors);
  }

  private static Dataset<Row> without(Dataset<Row> images, Dataset<Row> others) {
    return images.join(
        others,
        images.col(Tables.REQUEST_KEY).equalTo(others.col(Tables.REQUEST_KEY)),
        "left_anti");
  }
}
