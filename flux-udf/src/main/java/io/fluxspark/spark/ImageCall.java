package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestIdentity;
import io.fluxspark.request.RequestRules;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import scala.jdk.javaapi.CollectionConverters;

/**
 * One call of {@code flux_image}: what is the same for all rows, and which values rows bring. Calls
 * are equal when equal rows give equal results.
 */
public final class ImageCall implements Serializable {
  /** The name of a value that is a map of columns to values. */
  static final String OPTIONS = "options";

  private static final long serialVersionUID = 1L;

  private final GenerationJob job;
  private final RequestRules rules;
  private final TreeMap<String, Object> constants;
  private final List<String> inputs;

  /**
   * @param constants of rows that bring no value of their own, by column
   * @param inputs what the values are that a row brings: columns of the request, or {@link
   *     #OPTIONS}
   */
  ImageCall(
      GenerationJob job, RequestRules rules, Map<String, Object> constants, List<String> inputs) {
    this.job = job;
    this.rules = rules;
    this.constants = new TreeMap<>(constants);
    this.inputs = List.copyOf(inputs);
  }

  GenerationJob job() {
    return job;
  }

  /**
   * What a row asks for.
   *
   * @param values as many as there are inputs, as a {@link Row} holds them
   */
  RowRequest read(Row values) {
    Map<String, Object> row = new HashMap<>(constants);
    try {
      for (int i = 0; i < inputs.size(); i++) {
        if (inputs.get(i).equals(OPTIONS)) {
          putOptions(values.get(i), row);
        } else {
          put(inputs.get(i), values.get(i), row);
        }
      }
      return request(row);
    } catch (FluxSparkException e) {
      return new RowRequest.Invalid(row, e);
    }
  }

  private RowRequest request(Map<String, Object> row) {
    GenerationRequest request = rules.read(row);
    if (request.numImagesPerPrompt() != 1) {
      throw new FluxSparkException(
          ErrorCode.INVALID_ROW,
          RequestColumns.NUM_IMAGES_PER_PROMPT
              + ": "
              + request.numImagesPerPrompt()
              + "; a row is one picture here: give each picture a row with a seed of its own");
    }
    return new RowRequest.Valid(
        new ImageRequest(request, 0, RequestIdentity.requestKey(request, 0, job.settings())));
  }

  private static void put(String column, Object value, Map<String, Object> row) {
    if (value != null) {
      row.put(column, PlanRows.given(value));
    }
  }

  private static void putOptions(Object options, Map<String, Object> row) {
    if (!(options instanceof scala.collection.Map<?, ?> map)) {
      return;
    }
    CollectionConverters.asJava(map)
        .forEach(
            (key, value) -> {
              String column = String.valueOf(key).toLowerCase(Locale.ROOT);
              CallOptions.requireOfRows(column);
              put(column, value, row);
            });
  }

  /** What decides the result of equal rows. */
  private List<Object> identity() {
    return List.of(
        job.location(),
        job.settings(),
        job.batchSize(),
        rules.defaults(),
        rules.limits(),
        rules.seed(),
        rules.autoResize(),
        texts(constants),
        inputs);
  }

  private static String texts(Map<String, Object> values) {
    StringBuilder text = new StringBuilder();
    values.forEach(
        (name, value) -> text.append(name).append('=').append(ValueText.of(value)).append(';'));
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ImageCall call && identity().equals(call.identity());
  }

  @Override
  public int hashCode() {
    return Objects.hash(job.location(), job.settings(), inputs);
  }

  /** What a plan shows. */
  @Override
  public String toString() {
    return job.location() + ", " + job.settings().dtype() + ", batches of " + job.batchSize();
  }
}
