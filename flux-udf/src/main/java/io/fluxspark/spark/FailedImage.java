package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * A request that failed.
 *
 * @param columns of {@link Tables#errors} up to the message
 */
public record FailedImage(List<Object> columns) implements Serializable {
  static FailedImage of(PlannedImage planned, FluxSparkException failure) {
    List<Object> columns = new ArrayList<>(new ImageRow(planned.request()).texts());
    columns.add(planned.request().index());
    columns.add(planned.request().requestKey());
    columns.add(failure.code().name());
    columns.add(failure.getMessage());
    return new FailedImage(columns);
  }

  /** As {@link Tables#errors} has it. */
  public Row row(String runId) {
    Object[] all = Arrays.copyOf(columns.toArray(), columns.size() + 1);
    all[columns.size()] = runId;
    return RowFactory.create(all);
  }

  /** What went wrong. */
  public String message() {
    return (String) columns.get(columns.size() - 1);
  }
}
