package io.fluxspark.jobs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows say how they were approximated; those that were not are what they always were. */
class ApproximationsTest {
  private static final String[] TABLE = {
    "id,prompt,negative_prompt,true_cfg_scale,true_cfg_start,true_cfg_stop,first_block_cache_threshold",
    "plain,a red circle,,,,,",
    "guided,a red circle,rain,2,0,1,0",
    "range,a red circle,rain,2,0.25,0.75,",
    "cached,a red circle,,,,,1",
    "both,a red circle,rain,2,0,0.5,1",
    "not guided,a red circle,,2,0.5,1,",
    "wrong,a red circle,rain,2,0.5,0.25,2"
  };

  @TempDir private Path folder;
  private Workspace workspace;
  private Path prompts;

  @BeforeEach
  void makeTable() {
    workspace = new Workspace(folder);
    prompts = workspace.file("prompts.csv", TABLE);
  }

  @Test
  void rowsAndPicturesNameWhatTheyUsed() throws Exception {
    CommandLineRun run = run("generate", "--batch-size", "4");

    assertThat(run.code()).as(run.err()).isZero();
    Map<String, Row> rows = new TreeMap<>();
    workspace.images("out").collectAsList().forEach(row -> rows.put(row.getAs("id"), row));
    assertUsed(rows.get("plain"), null, null);
    assertUsed(rows.get("guided"), null, null);
    assertUsed(rows.get("not guided"), null, null);
    assertUsed(rows.get("range"), List.of("true_cfg_range"), null);
    assertUsed(rows.get("cached"), List.of("first_block_cache"), 7);
    assertUsed(rows.get("both"), List.of("true_cfg_range", "first_block_cache"), 7 + 3);
    assertThat(rows.get("range").<Double>getAs("true_cfg_start")).isEqualTo(0.25);
    assertThat(rows.get("range").<Double>getAs("true_cfg_stop")).isEqualTo(0.75);
    assertThat(rows.get("plain").<Double>getAs("true_cfg_stop")).isEqualTo(1);
    assertThat(rows.get("both").<Double>getAs("first_block_cache_threshold")).isEqualTo(1);
    assertThat(file(rows.get("both")))
        .contains(
            "approximations\0true_cfg_range, first_block_cache",
            "calls_reused\00010",
            "first_block_cache_threshold\0001.0",
            "true_cfg_start\0000.0",
            "true_cfg_stop\0000.5");
    for (String id : List.of("plain", "guided", "not guided")) {
      assertThat(file(rows.get(id)))
          .doesNotContain("approximations", "calls_reused", "threshold", "true_cfg_st");
    }
    assertThat(workspace.errors("out").get(0).<String>getAs("error_message"))
        .endsWith(
            "row 7: first_block_cache_threshold: '2'; a number from 0 to 1 is needed;"
                + " true_cfg_start: 0.5 is above true_cfg_stop, 0.25");
    assertThat(folder.resolve("out/gallery.html"))
        .content()
        .contains(
            "true CFG from 0 to 0.5, first-block cache of 1, 10 calls reused",
            "true CFG from 0.25 to 0.75");
    try (Stream<Path> reports = Files.list(folder.resolve("out/_runs"))) {
      JsonNode report = new ObjectMapper().readTree(reports.findFirst().orElseThrow().toFile());
      assertThat(report.get("denoising_teraflops_a_device").asDouble()).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8", "float8_e4m3fn"})
  void aNarrowTypeHoldsForAllRows(String dtype) throws Exception {
    CommandLineRun run = run("generate", "--dtype", dtype);

    assertThat(run.code()).as(run.err()).isZero();
    Map<String, Row> rows = new TreeMap<>();
    workspace.images("out").collectAsList().forEach(row -> rows.put(row.getAs("id"), row));
    assertUsed(rows.get("plain"), List.of(dtype), null);
    assertUsed(rows.get("range"), List.of("true_cfg_range", dtype), null);
    assertThat(file(rows.get("plain"))).contains("approximations\0" + dtype);
    assertThat(folder.resolve("out/gallery.html")).content().contains(dtype);
  }

  @Test
  void aPlanSaysWhereTheyAreUsed() throws Exception {
    CommandLineRun text = run("plan");
    CommandLineRun json = run("plan", "--json");

    assertThat(text.out())
        .contains("true CFG in 4 steps\n", "true CFG in 4 steps  first-block cache\n");
    JsonNode buckets = new ObjectMapper().readTree(json.out()).get("buckets");
    double plain = 0;
    double range = 0;
    for (JsonNode bucket : buckets) {
      double one = bucket.get("teraflops").asDouble() / bucket.get("images").asInt();
      boolean isCached = bucket.get("first_block_cache").asBoolean();
      plain = !isCached && bucket.get("guided_steps").asInt() == 0 ? one : plain;
      range = !isCached && bucket.get("guided_steps").asInt() == 4 ? one : range;
    }
    assertThat(range / plain).isCloseTo(12 / 8.0, org.assertj.core.data.Offset.offset(1e-9));
  }

  private static void assertUsed(Row row, List<String> names, Integer reused) {
    assertThat(row.<Object>getAs("approximations") == null)
        .as(row.<String>getAs("id"))
        .isEqualTo(names == null);
    if (names != null) {
      assertThat(row.<String>getList(row.fieldIndex("approximations")))
          .containsExactlyElementsOf(names);
    }
    assertThat(row.<Integer>getAs("calls_reused")).isEqualTo(reused);
  }

  private static String file(Row row) {
    return new String(row.<Row>getAs("image").<byte[]>getAs("bytes"), ISO_8859_1);
  }

  private CommandLineRun run(String command, String... options) {
    String[] line =
        workspace.generate(
            prompts, "out", "--num-inference-steps", "8", "--max-error-fraction", "0.5");
    line[0] = command;
    int length = line.length;
    line = Arrays.copyOf(line, length + options.length);
    System.arraycopy(options, 0, line, length, options.length);
    return CommandLineRun.of(TestSpark::session, new ModelFolders(), Map.of(), line);
  }
}
