package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.TensorScope;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code flux_image} in Spark SQL, on the built-in model. */
class FluxSqlTest {
  private static final SparkSession SPARK = TestSpark.session();

  /** What makes pictures that take no time. */
  private static final String SMALL = "map('num_inference_steps', 1, 'height', 16, 'width', 16)";

  @BeforeEach
  void makeTables() {
    SPARK
        .sql(
            "SELECT * FROM VALUES (1, 'a fox', 'x'), (2, 'an owl', 'x'), (3, 'a cat', 'y')"
                + " AS t(id, prompt, kind)")
        .repartition(1)
        .createOrReplaceTempView("t");
    SPARK
        .sql("SELECT id, kind, flux_image(prompt, " + SMALL + ") AS f FROM t")
        .createOrReplaceTempView("pictures");
  }

  @AfterAll
  static void noTaskHoldsAModel() {
    ModelCache.shared().closeIdle();
    assertThat(ModelCache.shared().size()).isZero();
    assertThat(TensorScope.openValues()).isZero();
  }

  @Test
  void givesTheOutputTablesColumnsAndWhatWentWrong() {
    Dataset<Row> made =
        SPARK.sql(
            "SELECT f.* FROM (SELECT flux_image('a fox', map('seed', 7, 'num_inference_steps', 2)) AS f)");
    Row row = made.head();

    assertThat(made.schema().fieldNames())
        .startsWith("id", "prompt", "prompt_2", "negative_prompt")
        .contains("height", "width", "seed", "sha256", "model", "license", "request_key")
        .doesNotContain("run_id", "image_index", "verdict")
        .endsWith("error_code", "error_message");
    assertThat(made.select("image.*").schema().fieldNames()).containsExactly("bytes", "path");
    byte[] file = row.<Row>getAs("image").getAs("bytes");
    assertThat(file).startsWith(0x89, 'P', 'N', 'G');
    assertThat(row.<String>getAs("sha256")).isEqualTo(DigestUtils.sha256Hex(file));
    assertThat(row.<Long>getAs("seed")).isEqualTo(7);
    assertThat(row.<Integer>getAs("height")).isEqualTo(64);
    assertThat(row.<Integer>getAs("num_inference_steps")).isEqualTo(2);
    assertThat(row.<String>getAs("model")).isEqualTo("tiny");
    assertThat(row.<String>getAs("error_code")).isNull();
    assertThat(row.<String>getAs("error_message")).isNull();
  }

  @Test
  void aPromptAloneIsMadeByTheModelOfTheSettings() {
    SPARK.conf().set("spark.fluxspark.num-inference-steps", "1");
    try {
      Row row = SPARK.sql("SELECT flux_image('a fox') AS f").select("f.*").head();
      assertThat(row.<Integer>getAs("num_inference_steps")).isEqualTo(1);
      assertThat(row.<String>getAs("sha256")).hasSize(64);
      SPARK.conf().set("spark.fluxspark.model", "/no/such/model");
      assertRefused("SELECT flux_image('a fox')", "model /no/such/model: is no folder");
    } finally {
      SPARK.conf().unset("spark.fluxspark.num-inference-steps");
      SPARK.conf().unset("spark.fluxspark.model");
    }
  }

  /** However a query is written, a row is made once, or not at all where nobody needs it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          3 | 3 | SELECT flux_image(prompt, $) FROM t
          3 | 3 | SELECT f.sha256, f.seed, f.image.bytes FROM pictures
          3 | 3 | SELECT flux_image(prompt, $).sha256, flux_image(prompt, $).seed FROM t
          3 | 3 | SELECT f.sha256 FROM pictures WHERE f.error_code IS NULL AND f.seed > 0
          3 | 3 | SELECT id FROM t WHERE flux_image(prompt, $).error_code IS NULL
          3 | 3 | SELECT flux_image(prompt, $) FROM t WHERE flux_image(prompt, $).error_code IS NULL
          2 | 2 | SELECT flux_image(prompt, $) FROM t WHERE flux_image(prompt, $).error_code IS NULL AND id < 3
          1 | 1 | SELECT * FROM pictures WHERE id = 2
          3 | 3 | SELECT id FROM t ORDER BY flux_image(prompt, $).sha256
          3 | 3 | SELECT flux_image(prompt, $).sha256 AS s FROM t ORDER BY flux_image(prompt, $).sha256
          3 | 3 | SELECT id, flux_image(prompt, $).sha256 FROM t ORDER BY id
          3 | 3 | SELECT f FROM (SELECT /*+ REPARTITION(3) */ * FROM t) LATERAL VIEW explode(array(flux_image(prompt, $))) AS f ORDER BY f.sha256
          3 | 3 | SELECT id, flux_image(prompt, $) AS f FROM (SELECT /*+ REPARTITION(3) */ * FROM t) ORDER BY id
          1 | 3 | SELECT count(flux_image(prompt, $).sha256) FROM t
          3 | 3 | SELECT flux_image(prompt, $).sha256, count(*) FROM t GROUP BY flux_image(prompt, $).sha256
          2 | 2 | SELECT flux_image(kind, $).sha256, count(*), max(id) FROM t GROUP BY kind
          2 | 2 | SELECT upper(kind), flux_image(upper(kind), $) FROM t GROUP BY upper(kind)
          1 | 1 | SELECT flux_image(max(prompt), $) FROM t
          1 | 1 | SELECT kind FROM t GROUP BY kind HAVING flux_image(kind, $).error_code IS NULL AND count(*) = 2
          3 | 3 | SELECT a.id FROM t a JOIN t b ON flux_image(a.prompt, $).error_code IS NULL AND a.id = b.id
          1 | 1 | SELECT t.id FROM t LEFT SEMI JOIN pictures p ON t.id = p.id AND p.f.sha256 IS NOT NULL AND t.id < 2
          3 | 3 | WITH p AS (SELECT id, flux_image(prompt, $) f FROM t) SELECT a.f.sha256 FROM p a JOIN p b ON a.f.sha256 = b.f.sha256
          6 | 6 | SELECT flux_image(prompt, $) FROM t UNION ALL SELECT flux_image(prompt, $) FROM t
          3 | 6 | SELECT flux_image(prompt, $), flux_image(prompt, map('height', 32, 'width', 16, 'num_inference_steps', 1)) FROM t
          3 | 6 | SELECT flux_image(flux_image(prompt, $).sha256, $) FROM t
          3 | 3 | SELECT row_number() OVER (ORDER BY flux_image(prompt, $).sha256) FROM t
          3 | 3 | SELECT lag(f.sha256) OVER (ORDER BY id), f FROM pictures
          3 | 3 | SELECT s FROM t LATERAL VIEW explode(array(flux_image(prompt, $).sha256)) AS s
          3 | 3 | SELECT DISTINCT f.sha256 FROM pictures
          3 | 3 | SELECT coalesce(flux_image(prompt, $).sha256, 'none') FROM t
          3 | 1 | SELECT (SELECT flux_image('a hat', $).sha256) AS hat FROM t
          3 | 3 | SELECT id FROM t WHERE id IN (SELECT id FROM pictures WHERE f.error_code IS NULL)
          1 | 0 | SELECT count(*) FROM pictures
          3 | 0 | SELECT id FROM pictures
          1 | 1 | SELECT f FROM pictures LIMIT 1
          3 | 3 | SELECT /*+ REPARTITION(2) */ f FROM pictures
          3 | 3 | SELECT flux_image(concat(prompt, rand()), $) FROM t
          3 | 3 | SELECT flux_image(prompt, struct(id AS seed, 16 AS height, 16 AS width, 1 AS num_inference_steps)) FROM t
          3 | 3 | SELECT flux_image(prompt, o) FROM (SELECT prompt, named_struct('seed', id, 'height', 16, 'width', 16, 'num_inference_steps', 1, 'lora_scale', array(0.5)) AS o FROM t)
          3 | 3 | SELECT flux_image(prompt, map('seed', id, 'height', 16, 'width', 16, 'num_inference_steps', 1, 'model', 'builtin:tiny')) FROM t
          """)
  void aRowIsMadeOnce(int rows, int pictures, String query) {
    long before = made();
    List<Row> result = SPARK.sql(query.replace("$", SMALL)).collectAsList();
    assertThat(result).hasSize(rows);
    assertThat(made() - before).isEqualTo(pictures);
  }

  @Test
  void aTableIsWrittenAndAKeptOneIsMadeOnce() {
    long before = made();
    SPARK.sql("DROP TABLE IF EXISTS written");
    SPARK.sql("CREATE TABLE written USING parquet AS SELECT id, f.sha256, f.image FROM pictures");
    assertThat(made() - before).isEqualTo(3);
    SPARK.sql("INSERT INTO written SELECT id, f.sha256, f.image FROM pictures WHERE id = 1");
    assertThat(SPARK.table("written").where("length(image.bytes) > 60").count()).isEqualTo(4);
    assertThat(made() - before).isEqualTo(4);
    SPARK.sql("CACHE TABLE pictures");
    try {
      SPARK.sql("SELECT f.sha256 FROM pictures").collectAsList();
      SPARK.sql("SELECT f FROM pictures WHERE id = 1").collectAsList();
      SPARK.sql("SELECT id, kind, flux_image(prompt, " + SMALL + ") AS f FROM t").collectAsList();
      assertThat(made() - before).as("also what is written out again").isEqualTo(7);
    } finally {
      SPARK.sql("UNCACHE TABLE pictures");
      SPARK.sql("DROP TABLE written");
    }
  }

  /** The same row gives the same picture, in batches too; rows of one shape find each other. */
  @Test
  void rowsOfOneShapeAreMadeInBatches() {
    String query =
        """
        SELECT id, f.request_key FROM (
          SELECT id, flux_image(prompt, map('seed', id, 'height', side, 'width', 16,
              'num_inference_steps', 1, 'batch_size', BATCH)) AS f
          FROM (SELECT /*+ COALESCE(1) */ * FROM (
              SELECT id, prompt, IF(id % 2 = 0, 16, 32) AS side FROM t
              UNION ALL SELECT id + 3, prompt, IF(id % 2 = 0, 16, 32) FROM t)))
        """;
    long before = count("batches");
    List<Row> alone = SPARK.sql(query.replace("BATCH", "1")).collectAsList();
    long middle = count("batches");
    List<Row> together = SPARK.sql(query.replace("BATCH", "8")).collectAsList();

    assertThat(middle - before).isEqualTo(6);
    assertThat(count("batches") - middle).isEqualTo(2);
    assertThat(together)
        .as("in the order of the rows")
        .extracting(row -> row.getInt(0))
        .containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(together)
        .extracting(row -> row.getString(1))
        .isEqualTo(alone.stream().map(row -> row.getString(1)).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          SELECT flux_image(prompt, map('heigth', 64)) FROM t | option 'heigth': there is none; rows have id, prompt_2
          SELECT flux_image(prompt, map('height', 63)) FROM t | height: 63; not a multiple of 16, 48 and 64 are
          SELECT flux_image(prompt, map('height', 'tall')) FROM t | height: 'tall'; a positive multiple of 16
          SELECT flux_image(prompt, map('height', 16, 'HEIGHT', 32)) FROM t | option 'height': is given twice
          SELECT flux_image(prompt, map('prompt', 'x')) FROM t | option 'prompt': is the first argument
          SELECT flux_image(prompt, map('model', kind)) FROM t | option 'model': holds for all rows; a constant is needed
          SELECT flux_image(prompt, map('model', 'builtin:huge')) FROM t | model builtin:huge: there are the built-in models [tiny
          SELECT flux_image(prompt, map('model', '/no/such')) FROM t | model /no/such: is no folder
          SELECT flux_image(prompt, map('dtype', 'int4')) FROM t | option 'dtype': 'int4'; one of float32, bfloat16, float16, float8_e4m3fn, int8 is needed
          SELECT flux_image(prompt, map('batch_size', 0)) FROM t | option 'batch_size': '0'; a whole number of at least 1 is needed
          SELECT flux_image(prompt, map('image_format', 'gif')) FROM t | option 'image_format': 'gif'; png, jpeg or webp is needed
          SELECT flux_image(prompt, map('image_quality', 101)) FROM t | option 'image_quality': '101'; a whole number from 1 to 100 is needed
          SELECT flux_image(prompt, map('auto_resize', 'maybe')) FROM t | option 'auto_resize': 'maybe'; true or false is needed
          SELECT flux_image(prompt, map('num_images_per_prompt', 2)) FROM t | option 'num_images_per_prompt': there is none
          SELECT flux_image(prompt, 'x') FROM t | options have type STRING; map('height', 64, ...) is needed
          SELECT flux_image(prompt, struct(1 AS hight)) FROM t | option 'hight': there is none; rows have id
          SELECT flux_image(id) FROM t | the prompt has type INT; a text is needed
          SELECT flux_image() FROM t | has 0 arguments; a prompt, or a prompt and map('height', 64, ...), are needed
          SELECT CASE WHEN id = 1 THEN flux_image(prompt) END FROM t | stands in a branch of CASE, IF or COALESCE
          SELECT coalesce(kind, flux_image(prompt).sha256) FROM t | stands in a branch of CASE, IF or COALESCE
          SELECT a.id FROM t a JOIN t b ON flux_image(concat(a.prompt, b.prompt)).sha256 IS NOT NULL | takes columns of both sides of a join
          SELECT transform(array(prompt), p -> flux_image(p).sha256) FROM t | takes an element of an array; explode the array first
          SELECT (SELECT flux_image(t.prompt).sha256) FROM t | takes a column of the query around its subquery
          """)
  void aCallThatIsWrongForAllRowsIsRefusedInOneLine(String query, String problem) {
    assertRefused(query, problem);
  }

  private static void assertRefused(String query, String problem) {
    assertThatThrownBy(() -> SPARK.sql(query))
        .isInstanceOf(AnalysisException.class)
        .hasMessageStartingWith("flux_image: " + problem)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .cause()
        .isInstanceOf(FluxSparkException.class);
  }

  /** What is wrong with one row is in its struct. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          map('height', 16 + id) | height: 18; not a multiple of 16, 16 and 32 are
          map_from_arrays(array(kind), array('1')) | option 'x': there is none; rows have id
          map_from_arrays(array(concat('mod', 'el', substr(kind, 2))), array('x')) | option 'model': holds for all rows
          map('image', concat('/no/such', id)) | image: '/no/such2'; there is no such file
          """)
  void aRowThatIsWrongIsAnErrorInItsStruct(String options, String problem) {
    Row row =
        SPARK
            .sql(
                "SELECT f.* FROM (SELECT id, flux_image(prompt, "
                    + options
                    + ") AS f FROM t) WHERE id = 2")
            .head();
    assertThat(row.<String>getAs("error_code")).isEqualTo(ErrorCode.INVALID_ROW.name());
    assertThat(row.<String>getAs("error_message")).startsWith(problem);
    assertThat(row.<String>getAs("prompt")).isEqualTo("an owl");
    assertThat(row.<Row>getAs("image")).isNull();
  }

  @Test
  void wrongRowsTakeNoneOfTheirNeighboursWithThem() {
    List<Row> rows =
        SPARK
            .sql(
                "SELECT f.error_code, f.sha256 FROM (SELECT flux_image(nullif(prompt, 'an owl'), "
                    + SMALL
                    + ") AS f FROM t)")
            .collectAsList();
    assertThat(rows).extracting(row -> row.getString(0)).containsExactly(null, "INVALID_ROW", null);
    assertThat(rows).extracting(row -> row.isNullAt(1)).containsExactly(false, true, false);
  }

  @Test
  void theFunctionIsThereForDataFramesToo() {
    Row row =
        SPARK
            .table("t")
            .where("id = 1")
            .select(
                functions
                    .call_function(
                        "flux_image",
                        functions.col("prompt"),
                        functions.map(
                            functions.lit("height"), functions.lit(16),
                            functions.lit("width"), functions.lit(16),
                            functions.lit("model"), functions.lit("builtin:tiny"),
                            functions.lit("num_inference_steps"), functions.lit(1)))
                    .as("f"))
            .select("f.*")
            .head();
    assertThat(row.<Integer>getAs("height")).isEqualTo(16);
    assertThat(row.<String>getAs("sha256")).hasSize(64);
  }

  @Test
  void anotherSparkIsRefused() {
    assertThatThrownBy(() -> FluxSparkExtensions.requireSpark("3.5.7"))
        .hasMessage(
            "spark.sql.extensions: FluxSparkExtensions is for Spark 4.1, and this is Spark 3.5.7;"
                + " use Spark 4.1.x, or leave the extension out");
  }

  private static long made() {
    return count("images.made");
  }

  private static long count(String counter) {
    return ExecutorMetrics.shared().metricRegistry().counter(counter).getCount();
  }
}
