package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.GivenImage;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestIdentity;
import io.fluxspark.request.RequestRules;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.commons.codec.digest.DigestUtils;
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
  private static final Set<String> PICTURES =
      Set.of(RequestColumns.IMAGE, RequestColumns.MASK_IMAGE, RequestColumns.CONTROL_IMAGE);

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
      String shown = ShownText.of(row.getString(malformed), SHOWN_CHARACTERS);
      return Stream.of(
          invalid(row, place, "cannot be taken apart into the table's columns: " + shown));
    }
    Map<String, Object> values = new HashMap<>();
    columns.requests().forEach((name, position) -> values.put(name, given(row.get(position))));
    try {
      GenerationRequest request = rules.read(values);
      return IntStream.range(0, request.numImagesPerPrompt())
          .mapToObj(index -> valid(row, request, index));
    } catch (FluxSparkException e) {
      return Stream.of(invalid(row, place, e.getMessage()));
    }
  }

  /** Spark's lists and structs as the request's rules take them. */
  static Object given(Object value) {
    if (value instanceof scala.collection.Seq<?> elements) {
      return CollectionConverters.asJava(elements).stream().map(PlanRows::given).toList();
    }
    if (value instanceof Row struct && struct.schema() != null) {
      List<String> names = Arrays.asList(struct.schema().fieldNames());
      Object path = names.contains(Tables.PATH) ? struct.getAs(Tables.PATH) : null;
      Object bytes = names.contains(Tables.BYTES) ? struct.getAs(Tables.BYTES) : null;
      if ((path == null || path instanceof String) && (bytes == null || bytes instanceof byte[])) {
        return new GivenImage((String) path, (byte[]) bytes);
      }
    }
    return value;
  }

  private Row valid(Row row, GenerationRequest request, int index) {
    Object[] planned = new Object[Tables.PLANNED.size() + columns.carried().size() + 3];
    String key = RequestIdentity.requestKey(request, index, settings);
    List<Object> own = new ArrayList<>(ImageRow.plannedRequest(request));
    own.add(index);
    own.add(key);
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

  private static String text(String name, Object value) {
    if (value instanceof byte[] bytes) {
      return PICTURES.contains(name) || EmbedColumns.TYPES.containsKey(name)
          ? bytes.length + " bytes"
          : new String(bytes, StandardCharsets.UTF_8);
    }
    if (EmbedColumns.TYPES.containsKey(name)) {
      return "a list of " + ((scala.collection.Seq<?>) value).size();
    }
    Object given = given(value);
    if (given instanceof GivenImage image) {
      return image.path() != null ? image.path() : "a picture of the table";
    }
    return given.toString();
  }

  /** Where the row stands is no part of its key: a table may grow before it is read again. */
  private Row invalid(Row row, String place, String problem) {
    Map<String, String> given = new TreeMap<>();
    Map<String, String> identity = new TreeMap<>();
    columns
        .requests()
        .forEach(
            (name, position) -> {
              Object value = row.get(position);
              if (value != null) {
                given.put(name, text(name, value));
                identity.put(
                    name,
                    EmbedColumns.TYPES.containsKey(name)
                        ? DigestUtils.sha256Hex(ValueText.of(value))
                        : text(name, value));
              }
            });
    Object[] planned = new Object[Tables.PLANNED.size() + columns.carried().size() + 3];
    identity.put(ERROR, problem);
    planned[Tables.PLANNED.fieldIndex(Tables.REQUEST_KEY)] =
        RequestIdentity.invalidRowKey(identity);
    planned[planned.length - 2] = place + ": " + problem;
    planned[planned.length - 1] = CollectionConverters.asScala(given);
    return RowFactory.create(planned);
  }
}
