package io.fluxspark.spark;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.request.RequestIdentity;
import io.fluxspark.request.RequestRules;
import io.fluxspark.request.TestRules;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTableTest {
  private static final SparkSession SPARK = TestSpark.session();
  private static final RequestRules RULES = TestRules.of(RequestDefaults.tiny(), 256, 0);
  private static final PictureSettings SETTINGS =
      new PictureSettings("png", 75, "float32", "digest");
  private static final StructType ID_AND_PROMPT =
      new StructType().add("id", DataTypes.StringType).add("prompt", DataTypes.StringType);

  @Test
  void aRowIsAsManyPicturesAsItAsksFor() {
    StructType schema = ID_AND_PROMPT.add("num_images_per_prompt", DataTypes.IntegerType);
    try (RequestTable table = table(rows(schema, row("a", "a fox", 3), row("b", "an owl", null)))) {
      List<PlannedImage> images = images(table);
      assertThat(images)
          .extracting(image -> image.request().request().id() + image.request().index())
          .containsExactlyInAnyOrder("a0", "a1", "a2", "b0");
      assertThat(images).extracting(image -> image.request().requestKey()).doesNotHaveDuplicates();
      assertThat(table.counts()).isEqualTo(new RequestTable.Counts(4, 4, 0));
      assertThat(table.invalidRows().collectAsList()).isEmpty();
      assertThat(table.firstProblems(5)).isEmpty();
    }
  }

  @Test
  void aRequestIsWhatTheRulesReadOfTheRow() {
    StructType schema =
        ID_AND_PROMPT
            .add("Negative_Prompt", DataTypes.StringType)
            .add("true_cfg_scale", DataTypes.FloatType)
            .add("height", DataTypes.ShortType);
    try (RequestTable table = table(rows(schema, row("a", "a fox", "rain", 2.5f, (short) 64)))) {
      GenerationRequest expected =
          RULES.read(
              Map.of(
                  "id",
                  "a",
                  "prompt",
                  "a fox",
                  "negative_prompt",
                  "rain",
                  "true_cfg_scale",
                  2.5f,
                  "height",
                  64));
      assertThat(images(table).get(0).request().request()).isEqualTo(expected);
    }
  }

  @Test
  void numbersMayBeTexts() {
    StructType schema =
        ID_AND_PROMPT.add("width", DataTypes.StringType).add("seed", DataTypes.StringType);
    try (RequestTable table = table(rows(schema, row("a", "a fox", " 64.0", "-5")))) {
      GenerationRequest request = images(table).get(0).request().request();
      assertThat(request.width()).isEqualTo(64);
      assertThat(request.seed()).isEqualTo(-5);
    }
  }

  @Test
  void aRowThatIsWrongIsKeptWithItsTextsAndWhatIsWrong() {
    StructType schema = ID_AND_PROMPT.add("height", DataTypes.StringType);
    try (RequestTable table =
        table(
            rows(
                schema,
                row("a", "a fox", "64"),
                row("b", "an owl", "65"),
                row("c", null, null),
                row(null, null, null)))) {
      assertThat(table.counts()).isEqualTo(new RequestTable.Counts(1, 1, 3));
      assertThat(images(table)).hasSize(1);
      List<String> problems =
          List.of(
              "t: row with id 'b': height: '65'; not a multiple of 16, 64 and 80 are",
              "t: row with id 'c': prompt: is null; a text is needed, it may be empty",
              "t: a row without id: prompt: is null; a text is needed, it may be empty");
      assertThat(table.firstProblems(5)).containsExactlyInAnyOrderElementsOf(problems);
      assertThat(table.firstProblems(2)).hasSize(2).isSubsetOf(problems);

      Dataset<Row> invalid = table.invalidRows();
      assertThat(invalid.columns())
          .as("the errors' columns but the run")
          .containsExactly(Arrays.copyOf(Tables.errors().fieldNames(), Tables.errors().size() - 1));
      Row wrong = invalid.where("id = 'b'").head();
      assertThat(wrong.<String>getAs("prompt")).isEqualTo("an owl");
      assertThat(wrong.<String>getAs("height")).isEqualTo("65");
      assertThat(wrong.<String>getAs("width")).isNull();
      assertThat(wrong.<Integer>getAs(Tables.IMAGE_INDEX)).isNull();
      assertThat(wrong.<String>getAs(Tables.ERROR_CODE)).isEqualTo("INVALID_ROW");
      assertThat(wrong.<String>getAs(Tables.ERROR_MESSAGE)).isEqualTo(problems.get(0));
      assertThat(wrong.<String>getAs(Tables.REQUEST_KEY)).matches("[0-9a-f]{64}");
    }
  }

  @Test
  void aRowThatIsWrongHasTheSameKeyInEveryRun() {
    StructType schema = new StructType().add("prompt", DataTypes.BinaryType);
    Row bytes = row((Object) new byte[] {'f', 'o', 'x'});
    try (RequestTable first = table(rows(schema, bytes));
        RequestTable second = table(rows(schema, bytes))) {
      assertThat(first.invalidRows().head()).isEqualTo(second.invalidRows().head());
      assertThat(first.firstProblems(1))
          .containsExactly("t: a row without id: prompt: bytes; a text is needed");
    }
  }

  @Test
  void embeddingsTravelAsTheyAreRead() {
    List<List<Float>> prompt = List.of(List.of(1f, 2f, 3f, 4f), List.of(0.1f, -6f, 7f, 8f));
    List<Float> pooled = List.of(9f, 10f, 11f);
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add(
                "prompt_embeds",
                DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType)))
            .add("pooled_prompt_embeds", DataTypes.createArrayType(DataTypes.FloatType));
    try (RequestTable table = table(rows(schema, row("a", prompt, pooled)))) {
      ImageRequest image = images(table).get(0).request();
      GenerationRequest expected =
          RULES.read(Map.of("id", "a", "prompt_embeds", prompt, "pooled_prompt_embeds", pooled));
      assertThat(image.requestKey()).isEqualTo(RequestIdentity.requestKey(expected, 0, SETTINGS));
      assertThat(image.request()).usingRecursiveComparison().isEqualTo(expected);
      assertThat(new ImageRow(image).texts())
          .endsWith(
              "sha256:" + expected.promptEmbeds().orElseThrow().promptSha256(),
              "sha256:" + expected.promptEmbeds().orElseThrow().pooledSha256())
          .hasSize(RequestColumns.ALL.size());
    }
  }

  @Test
  void rowsWithOtherEmbeddingsThatAreWrongAreOtherRows() {
    StructType schema =
        new StructType()
            .add(
                "prompt_embeds",
                DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType)))
            .add("pooled_prompt_embeds", DataTypes.BinaryType);
    try (RequestTable table =
        table(
            rows(
                schema,
                row(List.of(List.of(1f)), new byte[12]),
                row(List.of(List.of(2f)), new byte[12])))) {
      List<Row> invalid = table.invalidRows().collectAsList();
      assertThat(invalid).extracting(row -> row.getAs("request_key")).doesNotHaveDuplicates();
      assertThat(invalid.get(0).<String>getAs("prompt_embeds")).isEqualTo("a list of 1");
      assertThat(invalid.get(0).<String>getAs("pooled_prompt_embeds")).isEqualTo("12 bytes");
      assertThat(invalid.get(0).<String>getAs("error_message"))
          .isEqualTo(
              "t: a row without id: prompt_embeds: vector 1 of 1 has 1 numbers; 4, this model's"
                  + " joint_attention_dim, are needed");
    }
  }

  @Test
  void aRowThatWasReadFromAFileIsNamedByItsNumber() {
    StructType schema =
        ID_AND_PROMPT
            .add(Tables.SOURCE_FILE, DataTypes.StringType)
            .add(Tables.SOURCE_START, DataTypes.LongType)
            .add(Tables.SOURCE_MALFORMED, DataTypes.StringType);
    Dataset<Row> rows =
        rows(
                schema,
                row("a", "a fox", "p.csv", 0L, null),
                row("b", null, "p.csv", 0L, null),
                row(null, null, "p.csv", 0L, "un\tfinished"),
                row("c", null, "q.csv", 640L, null))
            .coalesce(1);
    try (RequestTable table = table(rows)) {
      assertThat(table.firstProblems(5))
          .containsExactly(
              "p.csv: row 2: prompt: is null; a text is needed, it may be empty",
              "p.csv: row 3: cannot be taken apart into the table's columns: un finished",
              "q.csv: row 1 after byte 640: prompt: is null; a text is needed, it may be empty");
    }
  }

  @Test
  void equalRowsWithoutIdAreOnePicture() {
    Row fox = row(null, "a fox");
    try (RequestTable table =
        table(rows(ID_AND_PROMPT, fox, row(null, "an owl"), fox, fox).repartition(3))) {
      assertThat(table.counts()).isEqualTo(new RequestTable.Counts(4, 2, 0));
      assertThat(images(table))
          .extracting(image -> image.request().request().prompt().orElseThrow())
          .containsExactlyInAnyOrder("a fox", "an owl");
    }
  }

  @Test
  void rowsOfOneIdAndOtherContentAreOtherPictures() {
    try (RequestTable table = table(rows(ID_AND_PROMPT, row("a", "a fox"), row("a", "an owl")))) {
      assertThat(table.counts()).isEqualTo(new RequestTable.Counts(2, 2, 0));
    }
  }

  @Test
  void ofEqualRowsTheSameOneIsTakenWhateverThePartitions() {
    StructType schema = ID_AND_PROMPT.add("label", DataTypes.StringType);
    Row[] rows =
        Stream.of("m", "c", "x", "a", "q").map(l -> row("1", "a fox", l)).toArray(Row[]::new);
    for (int partitions : new int[] {1, 2, 5}) {
      try (RequestTable table = table(rows(schema, rows).repartition(partitions))) {
        assertThat(table.images().collectAsList())
            .as("%d partitions", partitions)
            .singleElement()
            .extracting(row -> row.getAs("label"))
            .isEqualTo("a");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "true",
        "cast(1.5 AS DECIMAL(9, 2))",
        "X'0102'",
        "DATE'2026-01-02'",
        "TIMESTAMP'2026-01-02 03:04:05Z'",
        "TIMESTAMP_NTZ'2026-01-02 03:04:05'",
        "INTERVAL '3 00:00:00' DAY TO SECOND",
        "INTERVAL '0-3' YEAR TO MONTH",
        "array()",
        "array(X'01', null)",
        "map('b', 1, 'a', 2)",
        "named_struct('x', array(named_struct('y', 1.5D)), 'z', cast(null AS INT))",
        "cast('NaN' AS DOUBLE)",
        "cast(null AS STRING)"
      })
  void whatParquetCanHoldIsCarriedAsItIs(String value, @TempDir Path folder) {
    Dataset<Row> rows =
        SPARK.sql(
            "SELECT 'a fox' AS prompt, "
                + value
                + " AS `a.b`"
                + " UNION ALL SELECT 'a fox', "
                + value
                + " UNION ALL SELECT 'an owl', NULL");
    try (RequestTable table = table(rows)) {
      assertThat(table.carried().fieldNames()).containsExactly("a.b");
      assertThat(table.counts()).isEqualTo(new RequestTable.Counts(3, 2, 0));
      String images = folder.resolve("images").toUri().toString();
      table.images().write().parquet(images);
      assertThat(
              SPARK
                  .read()
                  .parquet(images)
                  .where("prompt = 'a fox'")
                  .selectExpr("to_json(named_struct('v', `a.b`))")
                  .collectAsList())
          .isEqualTo(SPARK.sql("SELECT to_json(named_struct('v', " + value + "))").collectAsList());
    }
  }

  @Test
  void aTableThatDoesNotFitIsRefusedBeforeItIsRead() {
    Dataset<Row> rows = SPARK.sql("SELECT cast(raise_error('read') AS STRING) AS text");
    assertRefused(ErrorCode.INVALID_TABLE, () -> RequestTable.of(rows, "t", RULES, SETTINGS))
        .isEqualTo("t: has no column 'prompt'; its columns are text");
  }

  @Test
  void theTableIsReadOnceHoweverOftenItIsAsked() {
    var read = SPARK.sparkContext().longAccumulator("read");
    Dataset<Row> counted =
        rows(ID_AND_PROMPT, row("a", "a fox"), row("b", null))
            .map(
                (MapFunction<Row, Row>)
                    row -> {
                      read.add(1);
                      return row;
                    },
                Encoders.row(ID_AND_PROMPT));
    try (RequestTable table = table(counted)) {
      assertThat(read.value()).as("nothing yet").isZero();
      assertThat(table.counts()).isEqualTo(new RequestTable.Counts(1, 1, 1));
      assertThat(table.images().count()).isEqualTo(1);
      assertThat(table.firstProblems(1)).hasSize(1);
      assertThat(read.value()).isEqualTo(2);
    }
  }

  private static RequestTable table(Dataset<Row> rows) {
    return RequestTable.of(rows, "t", RULES, SETTINGS);
  }

  private static List<PlannedImage> images(RequestTable table) {
    return table.images().collectAsList().stream().map(ImageRow::planned).toList();
  }

  private static Dataset<Row> rows(StructType schema, Row... rows) {
    return SPARK.createDataFrame(List.of(rows), schema);
  }

  private static Row row(Object... values) {
    return RowFactory.create(values);
  }
}
