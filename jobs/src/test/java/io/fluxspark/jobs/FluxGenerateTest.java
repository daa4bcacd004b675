package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.TensorScope;
import io.fluxspark.spark.Flux;
import io.fluxspark.spark.ModelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.VarSnippet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link Flux#generate} in a session that was not given the extension. */
class FluxGenerateTest {
  private static final SparkSession SPARK = TestSpark.session();
  private static final Map<String, String> SMALL =
      Map.of("num_inference_steps", "1", "height", "16", "width", "16");

  private static long openBefore;

  @TempDir private Path folder;

  @BeforeAll
  static void countOpenValues() {
    ModelCache.shared().closeIdle();
    openBefore = TensorScope.openValues();
  }

  @AfterAll
  static void noTaskHoldsAModel() {
    ModelCache.shared().closeIdle();
    assertThat(ModelCache.shared().size()).isZero();
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  private static Dataset<Row> prompts() {
    return SPARK.sql(
        "SELECT * FROM VALUES ('a', 'a fox', 32, 1.5), ('b', 'an owl', null, 2.5), ('c', null, 16,"
            + " 3.5) AS t(ID, prompt, height, `a.label`)");
  }

  @Test
  void givesTheOtherColumnsAndThoseOfThePictures() {
    Dataset<Row> made = Flux.generate(prompts(), SMALL);
    List<Row> rows = made.orderBy("id").collectAsList();

    assertThat(made.schema().fieldNames()).startsWith("a.label", "id", "prompt", "prompt_2");
    assertThat(rows).extracting(row -> row.<String>getAs("id")).containsExactly("a", "b", "c");
    assertThat(rows)
        .extracting(row -> row.<Integer>getAs("height"))
        .as("the row's, the option's, and a row that is wrong")
        .containsExactly(32, 16, null);
    assertThat(rows)
        .extracting(row -> row.<String>getAs("error_message"))
        .containsExactly(null, null, "prompt: is null; a text is needed, it may be empty");
    assertThat(rows.get(0).<String>getAs("sha256")).hasSize(64);
    assertThat(rows.get(2).<Row>getAs("image")).isNull();
  }

  /** One row path: the command and the method give the same files under the same keys. */
  @Test
  void itsPicturesAreThoseOfTheCommand() {
    Workspace workspace = new Workspace(folder);
    Path table =
        workspace.file(
            "prompts.csv", "id,prompt,seed", "a,a red circle,7", "b,a blue square,", "c,green,9");
    CommandLineRun run =
        CommandLineRun.of(
            TestSpark::session,
            new ModelFolders(),
            Map.of(),
            workspace.generate(table, "out", "--num-inference-steps", "2", "--batch-size", "4"));
    assertThat(run.code()).as(run.err()).isZero();
    Dataset<Row> made =
        Flux.generate(
            SPARK.read().option("header", true).csv(table.toString()).coalesce(1),
            Map.of("num_inference_steps", "2", "batch_size", "4", "model", "builtin:tiny"));

    String[] columns = {"id", "seed", "height", "model_digest", "request_key", "sha256"};
    assertThat(made.select("id", columns).orderBy("id").collectAsList())
        .isEqualTo(workspace.images("out").select("id", columns).orderBy("id").collectAsList());
  }

  @Test
  void noModelIsLoadedWhereNobodyNeedsAPicture() {
    ModelCache.shared().closeIdle();
    long loads = ModelCache.shared().loads();
    Dataset<Row> pictures = Flux.generate(prompts(), SMALL);
    assertThat(pictures.count()).isEqualTo(3);
    assertThat(pictures.select("`a.label`").collectAsList()).hasSize(3);
    assertThat(pictures.where("`a.label` > 9").collectAsList()).isEmpty();
    assertThat(pictures.limit(0).collectAsList()).isEmpty();
    assertThat(ModelCache.shared().loads()).isEqualTo(loads);
  }

  @Test
  void aTableIsMadeOfPicturesOfPictures() {
    Dataset<Row> first = Flux.generate(prompts().where("id = 'a'"), SMALL);
    Row second =
        Flux.generate(
                first.select(functions.col("image"), functions.lit("more red").as("prompt")),
                Map.of("num_inference_steps", "2", "strength", "0.9"))
            .head();
    assertThat(second.<String>getAs("error_message")).isNull();
    assertThat(second.<String>getAs("task")).isEqualTo("image-to-image");
    assertThat(second.<Row>getAs("input_image").<String>getAs("sha256"))
        .isEqualTo(first.head().<String>getAs("sha256"));
  }

  /** The page's Java, in a shell of this process. */
  @Test
  void theExampleOfThePageRuns() throws IOException {
    List<String> blocks =
        Pattern.compile("^```java$\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
            .matcher(Files.readString(Project.path("docs/sql.md")))
            .results()
            .map(block -> block.group(1))
            .toList();
    assertThat(blocks).hasSize(1);
    try (JShell shell = JShell.builder().executionEngine("local").build()) {
      shell.addToClasspath(System.getProperty("java.class.path"));
      String rest =
          "var spark = org.apache.spark.sql.SparkSession.getDefaultSession().get();\n"
              + blocks.get(0);
      while (!rest.isBlank()) {
        SourceCodeAnalysis.CompletionInfo next = shell.sourceCodeAnalysis().analyzeCompletion(rest);
        assertThat(shell.eval(next.source()))
            .allSatisfy(
                event -> {
                  assertThat(event.status()).as(next.source()).isEqualTo(Snippet.Status.VALID);
                  assertThat(event.exception()).as(next.source()).isNull();
                });
        rest = next.remaining();
      }
      assertThat(shell.variables().map(VarSnippet::name))
          .containsExactly("spark", "prompts", "pictures");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          SELECT 'a fox' AS text | INVALID_TABLE | the table: has no column 'prompt'; its columns are text
          SELECT 'a fox' AS prompt, 1 AS sha256 | INVALID_TABLE | the table: column 'sha256': is a name of an output column; rename it
          SELECT 'a fox' AS prompt, 'x' AS prompt | INVALID_TABLE | the table: column 'prompt': is there twice
          """)
  void aTableThatDoesNotFitIsRefused(String query, ErrorCode code, String problem) {
    assertThatThrownBy(() -> Flux.generate(SPARK.sql(query), SMALL))
        .isInstanceOfSatisfying(FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageStartingWith(problem);
  }

  @Test
  void anOptionThatIsNoneIsRefused() {
    assertThatThrownBy(() -> Flux.generate(prompts(), Map.of("heigth", "64")))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessageStartingWith("option 'heigth': there is none; rows have id, prompt_2");
  }
}
