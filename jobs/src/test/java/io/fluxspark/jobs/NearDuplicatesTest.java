package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.spark.Tables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NearDuplicatesTest {
  private static final StructType PICTURES =
      new StructType()
          .add("prompt", DataTypes.StringType)
          .add(Tables.PROMPT_EMBEDS_SHA256, DataTypes.StringType)
          .add(Tables.IMAGE_INDEX, DataTypes.IntegerType)
          .add(Tables.REQUEST_KEY, DataTypes.StringType)
          .add(Tables.PERCEPTUAL_HASH, DataTypes.LongType);

  @TempDir Path folder;

  @Test
  void theFirstOfPicturesThatLookAlikeIsKept() {
    Dataset<Row> pictures =
        pictures(
            picture("fox", 2, "a", 0b0001L),
            picture("fox", 0, "d", 0b0000L), // the first by its number
            picture("fox", 1, "c", -1L), // unlike it
            picture("fox", 1, "b", -1L), // of the same number, the key before
            picture("fox", 3, "e", 0b0011L), // two bits from the first
            picture("fox", 4, "f", 0b0111L), // three: near the one before, which is left out
            picture("owl", 0, "g", 0b0000L), // another prompt
            picture("owl", 1, "h", null),
            picture("owl", 2, "i", null));

    assertThat(left(pictures, 2)).containsExactly("a", "c", "e");
    assertThat(left(pictures, 0)).containsExactly("c");
    assertThat(left(pictures, 63)).containsExactly("a", "c", "e", "f");
    assertThat(kept(pictures, 2)).containsExactly("b", "d", "f", "g", "h", "i");
  }

  @Test
  void givenEmbeddingsAreAsAPrompt() {
    Dataset<Row> pictures =
        pictures(
            picture("fox", 0, "a", 0b0001L),
            ofEmbeddings("0f", 0, "b", 0b0001L),
            ofEmbeddings("0f", 1, "c", 0b0001L),
            ofEmbeddings("1f", 0, "d", 0b0001L));

    assertThat(left(pictures, 2)).containsExactly("c");
    assertThat(left(pictures.drop(Tables.PROMPT_EMBEDS_SHA256).where("prompt = 'fox'"), 2))
        .as("of an older output")
        .isEmpty();
  }

  @Test
  void manyOfOnePromptAreAllCompared() {
    // 64 hashes of one bit each, two bits from each other, each of them twice
    Row[] rows = new Row[128];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = picture("fox", i, String.format("%03d", i), 1L << i % 64);
    }

    assertThat(left(pictures(rows), 0)).hasSize(64).allMatch(key -> Integer.parseInt(key) >= 64);
    assertThat(left(pictures(rows), 1)).hasSize(64);
    assertThat(left(pictures(rows), 2)).hasSize(127).doesNotContain("000");
  }

  @Test
  void anExportLeavesThemOut() throws IOException {
    Workspace workspace = new Workspace(folder);
    Path prompts =
        workspace.file(
            "prompts.csv",
            "id,prompt,num_images_per_prompt",
            // In one grey all: these pictures look the same.
            "a,fox,3",
            "b,owl,2");
    CommandLineRun made =
        CommandLineRun.of(workspace.generate(prompts, "out", "--scores", "--commit-every", "2"));
    assertThat(made.code()).as(made.err()).isZero();

    for (String format : List.of("files", "webdataset", "parquet")) {
      CommandLineRun run =
          CommandLineRun.of(
              "export",
              "--output",
              folder + "/out",
              "--to",
              format,
              "--target",
              folder + "/" + format,
              "--skip-near-duplicates",
              "4");

      assertThat(run.code()).as(run.err()).isZero();
      assertThat(run.out())
          .isEqualTo(
              "2 pictures exported to " + folder + "/" + format + "\n3 near-duplicates left out\n");
    }

    Dataset<Row> kept = TestSpark.session().read().parquet(folder.resolve("parquet").toString());
    assertThat(
            kept.select("id", Tables.IMAGE_INDEX).collectAsList().stream()
                .map(row -> row.getString(0) + row.getInt(1)))
        .containsExactlyInAnyOrder("a0", "b0");
    try (Stream<Path> files = Files.walk(folder.resolve("files"))) {
      Set<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".png"))
              .collect(Collectors.toSet());
      assertThat(names)
          .isEqualTo(
              kept.select("image.path").collectAsList().stream()
                  .map(row -> row.getString(0))
                  .collect(Collectors.toSet()));
    }
  }

  @Test
  void theQueryOfTheReadmeFindsThemInSparkToo() throws IOException {
    pictures(
            picture("fox", 0, "a", 0b0000L),
            picture("fox", 1, "b", 0b0111111L),
            picture("fox", 2, "c", 0b1111111L),
            picture("owl", 0, "d", 0b0000L),
            picture("owl", 1, "e", null))
        .withColumn("id", col(Tables.REQUEST_KEY))
        .createOrReplaceTempView("near_duplicates");
    String query =
        Files.readString(Project.path("README.md"))
            .lines()
            .dropWhile(line -> !line.startsWith("    select a.id"))
            .takeWhile(line -> line.startsWith("    "))
            .collect(Collectors.joining("\n"))
            .replace("'out/data/**/*.parquet'", "near_duplicates")
            .replace(
                "bit_count(xor(a.perceptual_hash, b.perceptual_hash))",
                "bit_count(a.perceptual_hash ^ b.perceptual_hash)");

    assertThat(
            TestSpark.session().sql(query).collectAsList().stream()
                .map(row -> row.getString(0) + row.getString(1)))
        .containsExactlyInAnyOrder("ab", "bc");
  }

  private static Row picture(String prompt, int index, String key, Long hash) {
    return RowFactory.create(prompt, null, index, key, hash);
  }

  private static Row ofEmbeddings(String sha256, int index, String key, Long hash) {
    return RowFactory.create(null, sha256, index, key, hash);
  }

  private static Dataset<Row> pictures(Row... rows) {
    return TestSpark.session().createDataFrame(Arrays.asList(rows), PICTURES).repartition(4);
  }

  private static Set<String> left(Dataset<Row> pictures, int distance) {
    return new TreeSet<>(new NearDuplicates(distance).of(pictures).collectAsList());
  }

  private static Set<String> kept(Dataset<Row> pictures, int distance) {
    return NearDuplicates.without(pictures, new NearDuplicates(distance).of(pictures))
        .select(Tables.REQUEST_KEY)
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
