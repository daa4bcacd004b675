package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code flux_image} and the Python package, from PySpark as PyPI has it. */
@Tag("clients")
class PySparkIT {
  /** What the sessions of a process need; {@code sys.argv[1]} is the jar. */
  private static final String CLASSIC =
      """
      import sys
      from pyspark.sql import SparkSession
      def session(**conf):
          builder = SparkSession.builder.master("local[2]")
          conf = {"spark.ui.enabled": "false", "spark.log.level": "ERROR", "spark.driver.host": "localhost",
              "spark.driver.bindAddress": "127.0.0.1", "spark.fluxspark.num-inference-steps": "1", **conf}
          for key, value in conf.items():
              builder = builder.config(key, value)
          return builder.getOrCreate()
      """;

  private static final String EXTENDED =
      """
      spark = session(**{"spark.jars": sys.argv[1], "spark.sql.extensions": "io.fluxspark.spark.FluxSparkExtensions"})
      """;

  /** What both kinds of session must do alike. */
  private static final String GENERATE =
      """
      import fluxspark
      def generate(spark):
          df = spark.createDataFrame(
              [("a", "a fox", 16, 1.5), ("b", "an owl", 17, 2.5), ("c", "a cat", None, 3.5)],
              "id string, prompt string, height int, `the.label` double")
          made = fluxspark.generate(df, num_inference_steps=1, width=16, height=32, model="builtin:tiny")
          print(made.columns[0], made.columns[1], made.columns[-1])
          for row in made.orderBy("id").collect():
              print(row["id"], row["the.label"], row["height"], row["sha256"] and len(row["sha256"]), row["error_message"])
          again = fluxspark.generate(made.where("id = 'a'").select("image"
              , "prompt"), num_inference_steps=2, strength=0.9, lora=[])
          print(again.select("task", "error_code").head())
          sheet = fluxspark.show(made)
          print(sheet, sheet._repr_html_().count("data:image/png;base64,"), "17; not a multiple" in sheet._repr_html_())
          try:
              fluxspark.generate(df, heigth=1).collect()
          except Exception as e:
              print(type(e).__name__, str(e)[:50])
          try:
              fluxspark.generate(df.withColumnRenamed("the.label", "sha256"))
          except ValueError as e:
              print(e)
          try:
              fluxspark.generate(df.drop("prompt"))
          except ValueError as e:
              print(e)
      """;

  private static final List<String> GENERATED =
      List.of(
          "the.label id error_message",
          "a 1.5 16 64 None",
          "b 2.5 None None height: 17; not a multiple of 16, 16 and 32 are",
          "c 3.5 32 64 None",
          "Row(task='image-to-image', error_code=None)",
          "ContactSheet(3 pictures, 1 of them failed) 2 True",
          "AnalysisException flux_image: option 'heigth': there is none; rows h",
          "column 'sha256' has a name of the result; rename it",
          "the table has no column 'prompt'; its columns are id, height, the.label");

  private static final Pattern BLOCK =
      Pattern.compile("^```(sql|python)$\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  private static final String PYTHON = "pyspark";

  @TempDir private Path folder;

  /** pip leaves what it builds beside the sources. */
  @BeforeAll
  static void installThePackage(@TempDir Path sources) throws Exception {
    Path copy = Project.copy(Project.path("notebooks"), sources);
    PythonEnvironment.install(PYTHON, copy);
  }

  @Test
  void aClassicSessionMakesPictures() throws Exception {
    String printed = script(CLASSIC + EXTENDED + GENERATE + "generate(spark)", jar(), "classic");
    assertThat(printed.lines().toList()).isEqualTo(GENERATED);
  }

  @Test
  void whoLacksTheExtensionIsToldSo() throws Exception {
    String printed =
        script(
            CLASSIC
                + """
                import fluxspark
                try:
                    fluxspark.generate(session().sql("select 'a fox' as prompt"))
                except RuntimeError as e:
                    print(e)
                """,
            jar());
    assertThat(printed)
        .startsWith(
            "this Spark session does not know flux_image: start it with fluxspark-jobs.jar");
  }

  /** Each session of Spark Connect has class loaders of its own; the model is the executor's. */
  @Test
  void sessionsOfSparkConnectShareOneModel() throws Exception {
    Path home =
        Path.of(script("import os, pyspark; print(os.path.dirname(pyspark.__file__))").strip());
    String session =
        """
        import sys
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.remote(sys.argv[1]).create()
        """;
    String loads =
        "\nprint(spark.sql(\"select reflect('io.fluxspark.jobs.ExecutorLoads', 'loads') as loads"
            + " from range(0, 1, 1, 1)\").head().loads)\n";
    try (ConnectServer server = ConnectServer.start(home, folder)) {
      String first = script(session + GENERATE + "generate(spark)" + loads, server.url());
      String second = script(session + GENERATE + "generate(spark)" + loads, server.url());

      assertThat(first.lines().toList()).startsWith(GENERATED.toArray(String[]::new)).endsWith("1");
      assertThat(second.lines().toList())
          .startsWith(GENERATED.toArray(String[]::new))
          .endsWith("1");
    }
  }

  /** The page's SQL and Python, from top to bottom in one session. */
  @Test
  void theExamplesOfThePageRun() throws Exception {
    List<String> blocks =
        BLOCK
            .matcher(page())
            .results()
            .map(
                block ->
                    block.group(1).equals("python")
                        ? block.group(2)
                        : "for statement in '''"
                            + block.group(2)
                            + "'''.split(';'):\n"
                            + "    if statement.strip(): print(spark.sql(statement).collect())")
            .map(block -> block.replace("\"fluxspark-jobs.jar\"", "sys.argv[1]"))
            .toList();
    assertThat(blocks).hasSize(6);
    String printed =
        script(
            CLASSIC
                + "import os\nos.chdir(sys.argv[2])\n"
                + EXTENDED
                + blocks.stream().collect(Collectors.joining("\n")),
            jar(),
            folder.toString());
    assertThat(printed)
        .contains("Row(id=1, count(1)=2)", "| mine|", "|yours|")
        .doesNotContain("INVALID", "NOT_FINITE");
    // What the Parquet table of the page has.
    assertThat(folder.resolve("spark-warehouse/pictures/_SUCCESS")).exists();
  }

  static String page() throws IOException {
    return Files.readString(Project.path("docs/sql.md"));
  }

  private static String jar() {
    return System.getProperty("fluxspark.jar");
  }

  private static String script(String script, String... arguments) throws Exception {
    return PythonEnvironment.run(PYTHON, Map.of(), script, arguments);
  }
}
