package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.RequestColumns;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The struct that {@code flux_image} gives: the output table's columns, and what went wrong. */
final class ImageResult {
  /** What {@link ImageRow#made} gives where nothing is carried. */
  private static final StructType WRITTEN = Tables.images(new StructType());

  /** What a call has none of: a row is one picture, there is no run, and no scores. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          RequestColumns.NUM_IMAGES_PER_PROMPT,
          Tables.IMAGE_INDEX,
          Tables.RUN_ID,
          Tables.PERCEPTUAL_HASH,
          "sharpness",
          "flatness",
          "clip_score",
          "verdict");

  /** The struct's fields; of a row with an error those that are known have values. */
  static final StructType SCHEMA = schema();

  private ImageResult() {}

  private static StructType schema() {
    StructType schema = new StructType();
    for (StructField field : WRITTEN.fields()) {
      if (!LEFT_OUT.contains(field.name())) {
        schema = schema.add(field);
      }
    }
    return schema
        .add(Tables.ERROR_CODE, DataTypes.StringType)
        .add(Tables.ERROR_MESSAGE, DataTypes.StringType);
  }

  /** A row of {@link #SCHEMA}. */
  static Row of(RowOutcome outcome, GenerationJob job) {
    if (outcome instanceof RowOutcome.Made made) {
      return made(made.image(), job);
    }
    Map<String, Object> known = new HashMap<>();
    FluxSparkException failure;
    if (outcome instanceof RowOutcome.Failed failed) {
      ImageRequest image = failed.image().planned().request();
      known.putAll(values(image));
      known.put(Tables.REQUEST_KEY, image.requestKey());
      failure = failed.image().failure();
    } else {
      RowOutcome.Invalid invalid = (RowOutcome.Invalid) outcome;
      for (String column : List.of(RequestColumns.ID, RequestColumns.PROMPT)) {
        Object given = invalid.given().get(column);
        known.put(column, given instanceof byte[] || given == null ? null : given.toString());
      }
      failure = invalid.failure();
    }
    known.put("model", job.modelName());
    known.put("model_digest", job.settings().modelDigest());
    known.put(Tables.ERROR_CODE, failure.code().name());
    known.put(Tables.ERROR_MESSAGE, failure.getMessage());
    Object[] row = new Object[SCHEMA.size()];
    for (int i = 0; i < row.length; i++) {
      row[i] = known.get(SCHEMA.apply(i).name());
    }
    return RowFactory.create(row);
  }

  private static Row made(ImageOutcome.Made image, GenerationJob job) {
    Row written = ImageRow.made(image, job);
    Object[] row = new Object[SCHEMA.size()];
    int next = 0;
    for (int i = 0; i < WRITTEN.size(); i++) {
      if (!LEFT_OUT.contains(WRITTEN.apply(i).name())) {
        row[next++] = written.get(i);
      }
    }
    return RowFactory.create(row);
  }

  /** The request's values by the columns that start {@link Tables#images}. */
  private static Map<String, Object> values(ImageRequest image) {
    GenerationRequest request = image.request();
    List<Object> values = ImageRow.values(request, image.seed());
    Map<String, Object> byColumn = new HashMap<>();
    for (int i = 0; i < values.size(); i++) {
      byColumn.put(WRITTEN.apply(i).name(), values.get(i));
    }
    byColumn.put(Tables.TASK, request.inputs().task().taskName());
    return byColumn;
  }
}
