package io.fluxspark.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.request.Batches;
import io.fluxspark.request.PictureSettings;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.request.RequestRules;
import io.fluxspark.request.TestRules;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

class ImageTasksTest {
  private static final int BATCH_SIZE = 4;

  /** Of three buckets; the one with a negative prompt differs by its guidance alone. */
  private static final String PROMPTS =
      "SELECT cast(id AS STRING) AS id, 'fox ' || id AS prompt, 32 + 16 * (id % 2) AS height,"
          + " if(id % 3 = 0, 'rain', NULL) AS negative_prompt, 2.0D AS true_cfg_scale, id AS place"
          + " FROM range(60)";

  private static final RequestRules RULES = TestRules.of(RequestDefaults.tiny(), 256, 0);
  private static final PictureSettings SETTINGS =
      new PictureSettings("png", 75, "float32", "digest");

  @Test
  void whichPicturesShareABatchDependsOnNeitherPartitionsNorSlots() {
    Dataset<Row> prompts = TestSpark.session().sql(PROMPTS);
    List<List<String>> batches = batches(spread(prompts.coalesce(1), 1));
    assertThat(batches).allSatisfy(batch -> assertThat(batch).hasSizeBetween(1, BATCH_SIZE));
    assertThat(batches.stream().flatMap(List::stream)).hasSize(60).doesNotHaveDuplicates();
    assertThat(batches).as("10, 10, 20 and 20 pictures").hasSize(3 + 3 + 5 + 5);

    assertThat(batches(spread(prompts.repartition(5), 1))).isEqualTo(batches);
    assertThat(batches(spread(prompts.repartition(5), 3))).isEqualTo(batches);
  }

  /** As many tokens and vectors, so that a batch could take both. */
  @Test
  void batchesAreOfTextsOrOfEmbeddingsOfOneLength() {
    Dataset<Row> prompts =
        TestSpark.session()
            .sql(
                "SELECT cast(id AS STRING) AS id, if(id % 3 = 0, 'fox', NULL) AS prompt,"
                    + " if(id % 3 = 0, 2, NULL) AS max_sequence_length, if(id % 3 = 0, NULL,"
                    + " array_repeat(array(1F, 2F, 3F, cast(id AS FLOAT)), cast(id % 3 AS INT))) AS prompt_embeds,"
                    + " if(id % 3 = 0, NULL, array(1D, 2D, 3D)) AS pooled_prompt_embeds"
                    + " FROM range(30)");

    List<List<String>> batches = batches(spread(prompts, 1));

    assertThat(batches).as("10 pictures each").hasSize(3 + 3 + 3);
    assertThat(batches)
        .allSatisfy(
            batch ->
                assertThat(batch.stream().map(id -> Integer.parseInt(id) % 3).distinct())
                    .hasSize(1));
    assertThat(batches(spread(prompts.repartition(5), 3))).isEqualTo(batches);
  }

  /** Of 20 steps: the first two ranges are the same steps. */
  @Test
  void batchesAreOfOneRangeOfGuidedSteps() {
    Dataset<Row> prompts =
        TestSpark.session()
            .sql(
                "SELECT cast(id AS STRING) AS id, 'fox' AS prompt, 'rain' AS negative_prompt,"
                    + " 2.0D AS true_cfg_scale, element_at(array(0D, 0.01D, 0.5D), 1 + cast(id % 3"
                    + " AS INT)) AS true_cfg_start FROM range(30)");

    List<List<String>> batches = batches(spread(prompts, 1));

    assertThat(batches).as("20 and 10 pictures").hasSize(5 + 3);
    assertThat(batches)
        .allSatisfy(
            batch ->
                assertThat(batch.stream().map(id -> Integer.parseInt(id) % 3 == 2).distinct())
                    .hasSize(1));
  }

  @Test
  void picturesOfTheSameTextsAreNeighbours() {
    Dataset<Row> prompts =
        TestSpark.session()
            .sql(
                "SELECT cast(id AS STRING) AS id, 'fox ' || (id % 6) AS prompt, id AS seed FROM range(60)");

    List<Row> all = spread(prompts, 3).stream().flatMap(List::stream).toList();

    assertThat(all).hasSize(60);
    long changes =
        IntStream.range(1, all.size())
            .filter(i -> !prompt(all.get(i)).equals(prompt(all.get(i - 1))))
            .count();
    assertThat(changes).isEqualTo(6 - 1);
  }

  private static String prompt(Row row) {
    return row.getAs("prompt");
  }

  @Test
  void thereIsAPartitionForEachTask() {
    Dataset<Row> prompts = TestSpark.session().sql(PROMPTS);
    for (int slots : new int[] {1, 3}) {
      try (RequestTable table = RequestTable.of(prompts, "t", RULES, SETTINGS)) {
        assertThat(spread(prompts, slots))
            .hasSize(layout(table, slots, 60).tasks())
            .noneMatch(List::isEmpty);
      }
    }
  }

  @Test
  void portionsTogetherAreAllPicturesInTheSameBatches() {
    Dataset<Row> prompts = TestSpark.session().sql(PROMPTS);
    List<List<String>> whole = batches(spread(prompts, 1));
    List<List<Row>> parts = new ArrayList<>();
    try (RequestTable table = RequestTable.of(prompts, "t", RULES, SETTINGS)) {
      ImageTasks tasks = tasks(table, 1, 16);
      for (int portion = 0; portion < layout(table, 1, 16).portions(); portion++) {
        parts.addAll(tasks.portion(portion).toJavaRDD().glom().collect());
      }
    }
    assertThat(batches(parts)).isEqualTo(whole);
  }

  @Test
  void rowsStayAsTheyAre() {
    Dataset<Row> prompts = TestSpark.session().sql(PROMPTS);
    try (RequestTable table = RequestTable.of(prompts, "t", RULES, SETTINGS)) {
      Dataset<Row> spread = tasks(table, 1, 60).portion(0);
      assertThat(spread.schema()).isEqualTo(table.images().schema());
      assertThat(spread.collectAsList())
          .containsExactlyInAnyOrderElementsOf(table.images().collectAsList());
    }
  }

  private static TaskLayout layout(RequestTable table, int slots, long imagesAPortion) {
    return TaskLayout.of(
        ImageTasks.buckets(table.images()),
        BATCH_SIZE,
        slots,
        TaskSizes.ofCluster(slots).withImagesAPortion(imagesAPortion));
  }

  private static ImageTasks tasks(RequestTable table, int slots, long imagesAPortion) {
    return ImageTasks.of(table.images(), layout(table, slots, imagesAPortion));
  }

  /** The rows of each task. */
  private static List<List<Row>> spread(Dataset<Row> prompts, int slots) {
    try (RequestTable table = RequestTable.of(prompts, "t", RULES, SETTINGS)) {
      return tasks(table, slots, 60).portion(0).toJavaRDD().glom().collect();
    }
  }

  /** The ids of each batch, as tasks make them. */
  private static List<List<String>> batches(List<List<Row>> tasks) {
    List<List<String>> batches = new ArrayList<>();
    for (List<Row> task : tasks) {
      List<PlannedImage> planned = task.stream().map(ImageRow::planned).toList();
      new Batches<>(planned.iterator(), image -> image.request().bucket(), BATCH_SIZE)
          .forEachRemaining(
              batch ->
                  batches.add(
                      batch.stream().map(image -> image.request().request().id()).toList()));
    }
    return batches;
  }
}
