package io.fluxspark.spark;

import static io.fluxspark.Failures.assertRefused;
import static org.apache.spark.sql.types.DataTypes.BinaryType;
import static org.apache.spark.sql.types.DataTypes.CalendarIntervalType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.FloatType;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.NullType;
import static org.apache.spark.sql.types.DataTypes.StringType;
import static org.apache.spark.sql.types.DataTypes.createArrayType;
import static org.apache.spark.sql.types.DataTypes.createDecimalType;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.request.RequestColumns;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TableColumnsTest {
  private static final StructType PROMPT = new StructType().add("prompt", StringType);

  @Test
  void namesOfRequestColumnsMatchInAnyCase() {
    TableColumns columns =
        TableColumns.of(
            new StructType().add("Seed", LongType).add("PROMPT", StringType).add("Id", LongType),
            "t");
    assertThat(columns.requests())
        .containsExactlyInAnyOrderEntriesOf(Map.of("seed", 0, "prompt", 1, "id", 2));
    assertThat(columns.carried()).isEmpty();
  }

  @Test
  void otherColumnsAreCarriedUnderTheirOwnNamesAndWhereTheyCameFromIsNot() {
    TableColumns columns =
        TableColumns.of(
            new StructType()
                .add("My Label", StringType, false)
                .add("prompt", StringType)
                .add(Tables.SOURCE_FILE, StringType)
                .add("a.b", createArrayType(IntegerType)),
            "t");
    assertThat(columns.carried()).containsExactly(0, 3);
    assertThat(columns.carriedSchema())
        .isEqualTo(
            new StructType().add("My Label", StringType).add("a.b", createArrayType(IntegerType)));
    assertThat(columns.sources()).containsExactly(Map.entry(Tables.SOURCE_FILE, 2));
  }

  @Test
  void everyRequestColumnIsKnown() {
    StructType all = new StructType();
    for (String name : RequestColumns.ALL) {
      all = all.add(name, EmbedColumns.TYPES.getOrDefault(name, StringType));
    }
    assertThat(TableColumns.of(all, "t").requests().keySet())
        .containsExactlyElementsOf(RequestColumns.ALL);
  }

  @Test
  void namesThatDifferInCaseAreOneName() {
    assertInvalid(
        PROMPT.add("label", StringType).add("Label", StringType),
        "t: column 'Label': is there twice; names that differ in case are one name");
    assertInvalid(
        PROMPT.add("Prompt", StringType),
        "t: column 'Prompt': is there twice; names that differ in case are one name");
  }

  @Test
  void aTableWithoutPromptsIsRefusedNamingWhatItHas() {
    assertInvalid(
        new StructType()
            .add("text", StringType)
            .add(Tables.SOURCE_FILE, StringType)
            .add("id", StringType),
        "t: has no column 'prompt'; its columns are text, id");
  }

  @Test
  void embeddingsStandInForPrompts() {
    for (DataType number : List.of(FloatType, DoubleType, IntegerType, createDecimalType())) {
      StructType schema =
          new StructType()
              .add("pooled_prompt_embeds", createArrayType(number))
              .add("Prompt_Embeds", createArrayType(createArrayType(number)));
      assertThat(TableColumns.of(schema, "t").requests())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of("pooled_prompt_embeds", 0, "prompt_embeds", 1));
    }
    StructType bytes =
        new StructType().add("prompt_embeds", BinaryType).add("pooled_prompt_embeds", BinaryType);
    assertThat(TableColumns.of(bytes, "t").requests()).hasSize(2);
    assertThat(TableColumns.of(PROMPT.add("prompt_embeds", NullType), "t").requests()).hasSize(2);
    assertInvalid(
        new StructType().add("id", StringType).add("prompt_embeds", BinaryType),
        "t: has no column 'prompt', and not both of prompt_embeds and pooled_prompt_embeds; its"
            + " columns are id, prompt_embeds");
  }

  @Test
  void embeddingsOfAnotherTypeAreRefused() {
    assertInvalid(
        PROMPT.add("prompt_embeds", StringType),
        "t: column 'prompt_embeds': has type STRING; ARRAY<ARRAY<DOUBLE>> or bytes are needed,"
            + " which Parquet, json lines and Spark tables hold, csv cannot");
    assertInvalid(
        PROMPT.add("prompt_embeds", createArrayType(FloatType)),
        "t: column 'prompt_embeds': has type ARRAY<FLOAT>; ARRAY<ARRAY<DOUBLE>> or bytes are"
            + " needed, which Parquet, json lines and Spark tables hold, csv cannot");
    assertInvalid(
        PROMPT.add("pooled_prompt_embeds", createArrayType(createArrayType(FloatType))),
        "t: column 'pooled_prompt_embeds': has type ARRAY<ARRAY<FLOAT>>; ARRAY<DOUBLE> or bytes"
            + " are needed, which Parquet, json lines and Spark tables hold, csv cannot");
    assertInvalid(
        PROMPT.add("Negative_Prompt_Embeds", BinaryType),
        "t: column 'Negative_Prompt_Embeds': is not read; a negative_prompt counts beside given"
            + " embeddings too");
  }

  static Stream<String> outputNames() {
    return Stream.concat(
        Stream.of("PORTION", "Input_Image", "Image_Index"),
        Stream.of(Tables.images(new StructType()).fieldNames())
            .filter(name -> !RequestColumns.ALL.contains(name))
            .filter(name -> !name.equals("image")));
  }

  @ParameterizedTest
  @MethodSource("outputNames")
  void aNameOfTheOutputIsRefused(String name) {
    assertInvalid(
        PROMPT.add(name, StringType),
        "t: column '" + name + "': is a name of an output column; rename it");
  }

  static Stream<DataType> typesThatParquetCannotHold() {
    return Stream.of(
        NullType,
        CalendarIntervalType,
        new StructType().add("a", createArrayType(CalendarIntervalType)));
  }

  @ParameterizedTest
  @MethodSource("typesThatParquetCannotHold")
  void aTypeThatParquetCannotHoldIsRefusedBeforeAnythingIsMade(DataType type) {
    assertInvalid(
        PROMPT.add("extra", type),
        "t: column 'extra': has type "
            + type.sql()
            + ", which Parquet cannot hold; cast or remove it");
  }

  private static void assertInvalid(StructType schema, String message) {
    assertRefused(ErrorCode.INVALID_TABLE, () -> TableColumns.of(schema, "t")).isEqualTo(message);
  }
}
