package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestIdentity;
import io.fluxspark.request.RequestRules;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Rows of the prompt table to planned pictures: a valid row gives one row a picture, another one
 * row with what is wrong.
 */
record PlanRows(TableColumns columns, String table, RequestRules rules, PictureSettings settings)
    implements MapPartitionsFunction<Row, Row> {
  /** Decides which of several rows of one key is taken: the one whose text is least. */
  static final String TIE = Tables.RESERVED_PREFIX + "tie";

  /** What is wrong with the row; null for a valid one. */
  static final String ERROR = Tables.RESERVED_PREFIX + "error";

  /** The texts of an invalid row's columns. */
  static final String GIVEN = Tables.RESERVED_PREFIX + "given";

  private static final int SHOWN_CHARACTERS = 60;

  /** Schema of the result: {@link Tables#PLANNED}, what is carried, and the three above. */
  static StructType schema(StructType carried) {
    return Tables.concat(Tables.PLANNED, carried)
        .add(TIE, DataTypes.StringType)
        .add(ERROR, DataTypes.StringType)
        .add(GIVEN, DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType));
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    RowPlace place = new RowPlace(table, columns);
    Iterable<Row> once = () -> rows;
    return StreamSupport.stream(once.spliterator(), false)
        .flatMap(row -> plan(row, place.next(row)))
        .iterator();
  }

  private Stream<Row> plan(Row row, String place) {
    Integer malformed = columns.sources().get(Tables.SOURCE_MALFORMED);
    if (malformed != null && !row.isNullAt(malformed)) {
      String text = row.getString(malformed).strip();
      String shown =
          text.length() > SHOWN_CHARACTERS ? text.substring(0, SHOWN_CHARACTERS) + "..." : text;
      return Stream.of(
          invalid(
              row,
              place,
              "cannot be taken apart into the table's columns: " + shown.replaceAll("\\s+", " ")));
    }
    Map<String, Object> values = new HashMap<>();
    columns.requests().forEach((name, position) -> values.put(name, row.get(position)));
    try {
      GenerationRequest request = rules.read(values);
      return IntStream.range(0, request.numImagesPerPrompt())
          .mapToObj(index -> valid(row, request, index));
    } catch (FluxSparkException e) {
      return Stream.of(invalid(row, place, e.getMessage()));
    }
  }

  private Row valid(Row row, GenerationRequest request, int index) {
    Object[] planned = new Object[Tables.PLANNED.size() + columns.carried().size() + 3];
    String key = RequestIdentity.requestKey(request, index, settings);
    List<Object> own =
        Arrays.asList(
            request.id(),
            request.prompt(),
            request.prompt2().orElse(null),
            request.negativePrompt().orElse(null),
            request.trueCfgScale(),
            request.height(),
            request.width(),
            request.numInferenceSteps(),
            request.guidanceScale(),
            request.seed(),
            request.numImagesPerPrompt(),
            request.maxSequenceLength(),
            index,
            key);
    for (int i = 0; i < own.size(); i++) {
      planned[i] = own.get(i);
    }
    int next = own.size();
    StringBuilder tie = new StringBuilder().append(request.numImagesPerPrompt());
    for (int position : columns.carried()) {
      planned[next++] = row.get(position);
      tie.append(',').append(ValueText.of(row.get(position)));
    }
    planned[next] = tie.toString();
    return RowFactory.create(planned);
  }

  /** Where the row stands is no part of its key: a table may grow before it is read again. */
  private Row invalid(Row row, String place, String problem) {
    Map<String, String> given = new TreeMap<>();
    columns
        .requests()
        .forEach(
            (name, position) -> {
              Object value = row.get(position);
              if (value != null) {
                given.put(
                    name,
                    value instanceof byte[] bytes
                        ? new String(bytes, StandardCharsets.UTF_8)
                        : value.toString());
              }
            });
    Object[] planned = new Object[Tables.PLANNED.size() + columns.carried().size() + 3];
    Map<String, String> identity = new TreeMap<>(given);
    identity.put(ERROR, problem);
    planned[Tables.PLANNED.fieldIndex(Tables.REQUEST_KEY)] =
        RequestIdentity.invalidRowKey(identity);
    planned[planned.length - 2] = place + ": " + problem;
    planned[planned.length - 1] = CollectionConverters.asScala(given);
    return RowFactory.create(planned);
  }
}
