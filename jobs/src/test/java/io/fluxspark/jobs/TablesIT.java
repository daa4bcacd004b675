package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.spark.Tables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Prompts and pictures in tables of Iceberg and Delta Lake, with the connectors that people use.
 */
class TablesIT {
  private static SparkSession spark;

  @TempDir private static Path shared;
  @TempDir private Path folder;
  private Workspace workspace;

  @BeforeAll
  static void start() throws Exception {
    spark = TableSession.start(shared);
  }

  @BeforeEach
  void makeWorkspace() {
    workspace = new Workspace(folder);
  }

  /** Names are those of the test's own table. */
  @ParameterizedTest
  @CsvSource({
    "iceberg, lake.made.pictures",
    "iceberg, PATH/pictures",
    "delta, pictures",
    "delta, PATH/pictures"
  })
  void aRequestIsOneRowAndASecondRunMakesNothing(String format, String place) throws Exception {
    Path prompts =
        workspace.file(
            "prompts.csv", "id,prompt,width,label", "a,fox,64,x", "b,hen,,y", "c,owl,five,z");
    String table = place.replace("PATH", folder.toString());
    String[] options = {"--max-error-fraction", "0.5", "--num-images-per-prompt", "2"};

    CommandLineRun run = generate(prompts, format, table, options);
    CommandLineRun again = generate(prompts, format, table, options);
    CommandLineRun plan = command("plan", prompts, format, table, "--json");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .startsWith("4 images, 1 failed rows")
        .contains("table:    " + table + " (" + format + ", one row a request)");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.out()).startsWith("0 images, 1 failed rows").contains("4 there before");
    assertThat(new ObjectMapper().readTree(plan.out()).get("images_there_before").asInt())
        .as(plan.err())
        .isEqualTo(2);
    List<Row> rows = rows(format, table).orderBy("id", "image_index").collectAsList();
    assertThat(rows)
        .extracting(row -> row.<String>getAs("id"))
        .containsExactly("a", "a", "b", "b", "c");
    assertThat(rows.get(0).<Integer>getAs("width")).isEqualTo(64);
    assertThat(rows.get(3).<String>getAs("label")).isEqualTo("y");
    byte[] file = rows.get(3).<Row>getAs("image").getAs("bytes");
    assertThat(Workspace.pixels(file)).hasSize(3 * 32 * 48);
    assertThat(rows.get(3).<String>getAs("error_code")).isNull();
    Row wrong = rows.get(4);
    assertThat(wrong.<String>getAs("prompt")).isEqualTo("owl");
    assertThat(wrong.<Integer>getAs("width")).isNull();
    assertThat(wrong.<Row>getAs("image")).isNull();
    assertThat(wrong.<String>getAs("error_message")).contains("row 3: width: 'five'");
  }

  @ParameterizedTest
  @CsvSource({"iceberg, lake.made.retried", "delta, PATH/retried"})
  void whatFailedIsReplacedWhenItIsTriedAgain(String format, String place) {
    Path prompts =
        workspace.file("prompts.csv", "id,prompt", "a,fox", "b,a bad owl", "c,hen", "d,elk");
    String table = place.replace("PATH", folder.toString());
    generate(
        prompts, format, table, "--max-error-fraction", "1", "--review", Prudish.class.getName());
    Map<String, String> before = runs(format, table);

    CommandLineRun kept = generate(prompts, format, table);
    CommandLineRun retried = generate(prompts, format, table, "--retry-errors");

    assertThat(kept.code()).isEqualTo(1);
    assertThat(kept.out()).startsWith("0 images, 1 failed rows").contains("3 there before");
    assertThat(retried.code()).as(retried.err()).isZero();
    assertThat(retried.out()).startsWith("1 images, 0 failed rows");
    assertThat(rows(format, table).where("error_code is not null").count()).isZero();
    Map<String, String> after = runs(format, table);
    assertThat(after).hasSize(4).containsEntry("a", before.get("a"));
    assertThat(after.get("b")).isNotEqualTo(before.get("b"));
  }

  @ParameterizedTest
  @CsvSource({"iceberg, lake.made.portions", "delta, portions"})
  void aPortionIsOneCommit(String format, String table) {
    Path prompts =
        workspace.file(
            "prompts.csv",
            IntStream.rangeClosed(0, 25)
                .mapToObj(
                    i ->
                        i == 0
                            ? "id,prompt"
                            : i + "," + (i == 7 ? ConstantPictures.NOT_FINITE : "fox"))
                .toArray(String[]::new));

    CommandLineRun run =
        generate(prompts, format, table, "--commit-every", "10", "--max-error-fraction", "0.5");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("24 images, 1 failed rows");
    long portions =
        format.equals("delta")
            ? spark.sql("describe history " + table).where("operation = 'MERGE'").count()
            : spark.table(table + ".snapshots").where("summary['added-records'] > 0").count();
    assertThat(portions).isEqualTo(3);
    assertThat(runs(format, table)).hasSize(25);
  }

  @ParameterizedTest
  @CsvSource({"iceberg, lake.made.twice", "delta, twice"})
  void twoAttemptsLeaveOneRowAKey(String format, String table) throws Exception {
    Path prompts =
        workspace.file(
            "prompts.csv",
            IntStream.rangeClosed(0, 4)
                .mapToObj(i -> i == 0 ? "id,prompt" : i + ",fox")
                .toArray(String[]::new));
    generate(workspace.file("one.csv", "id,prompt", "0,hen"), format, table);

    // Each makes all, as neither sees what the other has not committed yet.
    var other =
        CompletableFuture.supplyAsync(
            () -> generate(prompts, format, table, "--commit-every", "2"));
    CommandLineRun run = generate(prompts, format, table, "--commit-every", "2");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(other.get().code()).as(other.get().err()).isZero();
    assertThat(rows(format, table).count()).isEqualTo(5);
    assertThat(runs(format, table)).hasSize(5);
    TableOutput output = TableOutput.open(spark, TableFormat.named(format).orElseThrow(), table);
    Dataset<Row> all = rows(format, table);
    Map<String, String> before = runs(format, table);
    try (OutputWriter writer = output.begin("second-attempt", Tables.images(new StructType()))) {
      writer
          .next()
          .write(
              spark
                  .createDataFrame(all.collectAsList(), all.schema())
                  .withColumn("run_id", lit("second-attempt"))
                  .drop("error_code", "error_message"),
              Optional::empty);
    }
    assertThat(runs(format, table)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"iceberg", "delta"})
  void aPathIsOneRunsAtATime(String format) throws Exception {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");
    String table = folder + "/pictures";
    assertThat(generate(prompts, format, table).code()).isZero();
    FileSystem files = FileSystem.getLocal(new Configuration());

    try (Lease other =
        Lease.acquire(files, new org.apache.hadoop.fs.Path(table + "/_fluxspark"), "other-run")) {
      CommandLineRun run = generate(prompts, format, table);

      assertThat(run.code()).isEqualTo(2);
      assertThat(run.err()).contains("pictures: run other-run on ", "wait for its end");
    }
    assertThat(generate(prompts, format, table).code()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "delta | create table there using delta as select 1 as id | there: is no table of this program: its column id is of int, and not of string",
        "delta | create table there using parquet as select 1 as id | there: is a table of parquet, not of delta",
        "iceberg | create table lake.made.there using iceberg as select 'a' as id, 1 as prompt | its column prompt is of int, and not of string",
        "iceberg | select 1 | there: cannot be created",
      })
  void aTableOfAnotherKindIsOneLine(String format, String sql, String problem) {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");
    String table =
        format.equals("delta") ? "there" : sql.contains("create") ? "lake.made.there" : "there";
    spark.sql(sql);
    try {
      CommandLineRun run = generate(prompts, format, table);

      assertThat(run.code()).as(run.err()).isEqualTo(2);
      assertThat(run.err().lines()).hasSize(1);
      assertThat(run.err()).startsWith("fluxspark: error: --output ").contains(problem);
    } finally {
      spark.sql("drop table if exists " + table);
    }
  }

  @ParameterizedTest
  @CsvSource({"iceberg, lake.made.now, lake.made.earlier", "delta, now, earlier"})
  void aTableOfAnEarlierVersionGetsTheColumnsThatItLacks(String format, String now, String earlier)
      throws Exception {
    String[] added = Tables.ADDED_LATER.toArray(String[]::new);
    generate(workspace.file("first.csv", "id,prompt", "a,fox"), format, now);
    spark.table(now).drop(added).writeTo(earlier).using(format).create();
    Path prompts =
        workspace.file(
            "prompts.csv",
            "id,prompt,negative_prompt,true_cfg_scale,true_cfg_start",
            "a,fox,,,",
            "b,hen,rain,2,0.5");

    CommandLineRun run = generate(prompts, format, earlier);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("1 images, 0 failed rows").contains("1 there before");
    assertThat(spark.table(earlier).columns()).contains(added);
    assertThat(spark.table(earlier).where("approximations is null").select("id").head().get(0))
        .isEqualTo("a");
    assertThat(
            spark
                .table(earlier)
                .where("array_contains(approximations, 'true_cfg_range')")
                .select("id")
                .head()
                .get(0))
        .isEqualTo("b");
  }

  @Test
  void columnsThatTheTableLacksAreNamedBeforeAnythingIsMade() {
    String table = folder + "/pictures";
    generate(workspace.file("first.csv", "id,prompt", "a,fox"), "delta", table);
    int tries = ConstantPictures.TRIES.get();

    CommandLineRun run =
        generate(workspace.file("second.csv", "id,prompt,label", "b,hen,x"), "delta", table);

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo("fluxspark: error: --output " + table + ": it has no column label of string\n");
    assertThat(ConstantPictures.TRIES).hasValue(tries);
  }

  @Test
  void aSparkWithoutDeltasSettingsIsToldWhichAreMissing() {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");
    SparkSession other = spark.newSession();
    other.conf().set("spark.sql.catalog.spark_catalog", "builtin");

    CommandLineRun run =
        CommandLineRun.of(
            () -> other,
            ConstantPictures::open,
            Map.of(),
            workspace.generate(prompts, "out", "--output-format", "delta"));

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo(
            "fluxspark: error: --output-format delta: the setting spark.sql.catalog.spark_catalog="
                + "org.apache.spark.sql.delta.catalog.DeltaCatalog is missing; see conf/delta.conf\n");
  }

  @ParameterizedTest
  @CsvSource({"iceberg, lake.asked.prompts", "iceberg, PATH", "delta, asked", "delta, PATH"})
  void aTableIsAPromptTable(String format, String place) {
    Path csv = workspace.file("prompts.csv", "id,prompt,seed", "a,fox,9007199254740993", "b,hen,2");
    assertThat(generate(csv, "delta", folder + "/expected").code()).isZero();
    Dataset<Row> prompts =
        spark.sql(
            "select 'a' as id, 'fox' as prompt, 9007199254740993 as seed union all select 'b', 'hen', 2");
    String table = place.equals("PATH") ? folder + "/asked" : place;
    prompts.writeTo(name(format, table)).using(format).createOrReplace();

    CommandLineRun run =
        generate(Path.of(table), "delta", folder + "/out", "--prompts-format", format);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(keys(folder + "/out")).isEqualTo(keys(folder + "/expected")).hasSize(2);
  }

  @Test
  void anIcebergPathOnS3IsRefused() {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");

    CommandLineRun run = generate(prompts, "iceberg", "s3a://bucket/pictures");

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .startsWith("fluxspark: error: --output s3a://bucket/pictures: Iceberg commits to a path");
  }

  @Test
  void aFolderIsATableOrParquetAndNotBoth() {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");
    generate(prompts, "delta", folder + "/delta");
    generate(prompts, "iceberg", folder + "/iceberg");
    generate(prompts, "parquet", folder + "/parquet");

    assertThat(generate(prompts, "parquet", folder + "/delta").err())
        .endsWith(
            "/delta: is a table of delta, not Parquet; generate takes it with --output-format delta, export does not\n");
    assertThat(generate(prompts, "parquet", folder + "/iceberg").err())
        .contains("/iceberg: is a table of iceberg, not Parquet");
    assertThat(generate(prompts, "iceberg", folder + "/delta").err())
        .endsWith("/delta: is there, and no table of iceberg; give a new folder\n");
    assertThat(generate(prompts, "delta", folder + "/parquet").err())
        .endsWith("/parquet: is there, and no table of delta; give a new folder\n");
    assertThat(export(folder + "/iceberg").err()).contains("/iceberg: is a table of iceberg");
    spark.sql("create table exported using delta as select 1 as id");
    assertThat(export("exported").err())
        .startsWith("fluxspark: error: --output exported: is a table; export reads the Parquet");
  }

  private CommandLineRun export(String output) {
    return CommandLineRun.of(
        () -> spark,
        ConstantPictures::open,
        Map.of(),
        "export",
        "--output",
        output,
        "--to",
        "files",
        "--target",
        folder + "/exported");
  }

  private List<String> keys(String table) {
    return rows("delta", table).select("request_key").as(Encoders.STRING()).collectAsList().stream()
        .sorted()
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"iceberg, lake.asked.nothing", "iceberg, PATH", "delta, nothing", "delta, PATH"})
  void aTableThatIsNotThereIsOneLine(String format, String place) {
    String table = place.replace("PATH", folder + "/nothing");

    CommandLineRun run =
        generate(Path.of(table), "delta", folder + "/out", "--prompts-format", format);

    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).startsWith("fluxspark: error: --prompts " + table + ": ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void theCommandsOfThePageRun() throws Exception {
    spark.sql("drop table if exists lake.made.pictures");
    spark.sql("drop table if exists pictures");
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox", "b,hen");
    workspace.file("in/1.csv", "id,prompt", "a,fox");
    spark
        .sql("select 'c' as id, 'owl' as prompt")
        .writeTo(name("delta", folder + "/asked"))
        .using("delta")
        .create();
    List<String> lines =
        Files.readString(Project.path("docs/tables.md"))
            .lines()
            .filter(line -> line.matches(" {4}deploy/submit (generate|plan) .*"))
            // It would not end; WatchIT starts such a one.
            .filter(line -> !line.contains("10 seconds"))
            .toList();
    List<String> out = new ArrayList<>();
    for (String line : lines) {
      String command =
          line.strip()
              .replaceAll(
                  "^deploy/submit | -- --properties-file conf/(iceberg|delta)\\.conf$|\"", "")
              .replace("prompts.csv", prompts.toString())
              .replaceAll("(?<= )(\\./|in/|out(?= ))", folder + "/$1");
      CommandLineRun run =
          CommandLineRun.of(() -> spark, ConstantPictures::open, Map.of(), command.split(" "));
      assertThat(run.code()).as(line + ": " + run.err()).isZero();
      out.add(run.out().lines().findFirst().orElse(""));
    }

    assertThat(out).hasSize(7);
    assertThat(out.subList(0, 4)).allMatch(line -> line.startsWith("2 images"));
    assertThat(out.subList(5, 7)).allMatch(line -> line.startsWith("1 images"));
    String query =
        Files.readString(Project.path("docs/tables.md"))
            .lines()
            .filter(line -> line.startsWith("    select "))
            .findFirst()
            .orElseThrow();
    assertThat(spark.sql(query).where("image.bytes is not null").count()).isEqualTo(2);
  }

  /** What the page and the settings name is what these tests ran with. */
  @Test
  void thePackagesAreThoseOfThisBuild() throws Exception {
    for (TableFormat format : TableFormat.values()) {
      String[] maven = format.maven().split(":");
      String jar =
          Path.of(
                  Class.forName(format.connector())
                      .getProtectionDomain()
                      .getCodeSource()
                      .getLocation()
                      .toURI())
              .getFileName()
              .toString();
      assertThat(jar).isEqualTo(maven[1] + "-" + maven[2] + ".jar");
      assertThat(ConfTest.settings(format.optionName() + ".conf", key -> false))
          .containsEntry("spark.jars.packages", format.maven());
      assertThat(Files.readString(Project.path("docs/tables.md")))
          .contains("| `" + format.optionName() + "` | `" + format.maven() + "` |");
    }
  }

  private CommandLineRun generate(Path prompts, String format, String table, String... options) {
    return command("generate", prompts, format, table, options);
  }

  private CommandLineRun command(
      String command, Path prompts, String format, String table, String... options) {
    String[] line = workspace.generate(prompts, "out", options);
    line[0] = command;
    line[4] = table;
    line = Arrays.copyOf(line, line.length + 2);
    line[line.length - 2] = "--output-format";
    line[line.length - 1] = format;
    return CommandLineRun.of(() -> spark, ConstantPictures::open, Map.of(), line);
  }

  private static String name(String format, String table) {
    return TableFormat.isPath(table)
        ? TableFormat.named(format)
            .orElseThrow()
            .ofPath(spark, new org.apache.hadoop.fs.Path(table))
        : table;
  }

  /** As anyone reads it. */
  private static Dataset<Row> rows(String format, String table) {
    return spark.table(name(format, table));
  }

  /** Which run made a row, by id, which must be there once. */
  private static Map<String, String> runs(String format, String table) {
    Map<String, String> runs = new TreeMap<>();
    for (Row row : rows(format, table).select("id", "run_id").collectAsList()) {
      assertThat(runs.put(row.getString(0), row.getString(1))).as(row.toString()).isNull();
    }
    return runs;
  }
}
