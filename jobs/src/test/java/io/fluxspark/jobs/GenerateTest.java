package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.clip.ClipFolder;
import io.fluxspark.clip.ClipScorer;
import io.fluxspark.image.InputPictures;
import io.fluxspark.program.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From a table to committed Parquet, with a model whose pictures are one colour. */
class GenerateTest {
  @TempDir private Path folder;
  private Workspace workspace;

  @BeforeEach
  void makeWorkspace() {
    workspace = new Workspace(folder);
  }

  @Test
  void everyImageIsARowWithWhatItWasMadeOf() throws Exception {
    Path prompts =
        workspace.file(
            "prompts.csv",
            "id,prompt,width,seed,label",
            "a,a fox,64,7,x",
            "b,\"two",
            "lines, \"\"quoted\"\"\",,9,y");

    CommandLineRun run =
        run(prompts, "out", "--num-images-per-prompt", "2", "--guidance-scale", "2.5");

    assertThat(run.code()).as(run.err()).isZero();
    List<Row> rows = workspace.images("out").orderBy("id", "image_index").collectAsList();
    assertThat(rows).hasSize(4);
    Row row = rows.get(3);
    assertThat(row.<String>getAs("id")).isEqualTo("b");
    assertThat(row.<String>getAs("prompt")).isEqualTo("two\nlines, \"quoted\"");
    assertThat(row.<Integer>getAs("image_index")).isEqualTo(1);
    assertThat(row.<Long>getAs("seed")).isEqualTo(10);
    assertThat(row.<Integer>getAs("height")).isEqualTo(32);
    assertThat(row.<Integer>getAs("width")).isEqualTo(48);
    assertThat(rows.get(0).<Integer>getAs("width")).isEqualTo(64);
    assertThat(row.<Double>getAs("guidance_scale")).isEqualTo(2.5);
    assertThat(row.<String>getAs("label")).isEqualTo("y");
    assertThat(row.<String>getAs("model")).isEqualTo("constant");
    assertThat(row.<String>getAs("license")).isEqualTo("mit");
    assertThat(row.<Integer>getAs("portion")).isZero();
    byte[] file = row.<Row>getAs("image").getAs("bytes");
    assertThat(Workspace.pixels(file)).hasSize(3 * 32 * 48).containsOnly(10);
    assertThat(row.<String>getAs("sha256")).isEqualTo(DigestUtils.sha256Hex(file));
    assertThat(row.<Row>getAs("image").<String>getAs("path"))
        .isEqualTo(row.<String>getAs("request_key").substring(0, 16) + ".png");
  }

  @Test
  void theSummarySaysWhatWasMadeAndWhereItIs() {
    CommandLineRun run = run(workspace.file("prompts.csv", "prompt", "fox", "hen"), "out");

    assertThat(run.out().lines())
        .hasSize(5)
        .satisfiesExactly(
            line -> assertThat(line).matches("2 images, 0 failed rows, [0-9.]+ images/s"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "seconds: text 1.0, denoising 2.0, decoding 0.5, encoding "
                            + line.substring(line.lastIndexOf(' ') + 1)),
            line ->
                assertThat(line)
                    .isEqualTo("table:    " + folder + "/out/data (Parquet, one row an image)"),
            line ->
                assertThat(line)
                    .isEqualTo("pictures: " + folder + "/out/preview (the first 2 as files)"),
            line ->
                assertThat(line)
                    .isEqualTo("gallery:  " + folder + "/out/gallery.html (open in a browser)"));
    assertThat(run.err().lines())
        .isNotEmpty()
        .allMatch(line -> line.matches("fluxspark: \\d of 2 images, 0 failed, [0-9.]+ images/s"));
    assertThat(workspace.files().stream().filter(file -> file.startsWith("out/preview/")))
        .hasSize(2);
  }

  @Test
  void aReportOfTheRunIsKept() throws Exception {
    Path prompts =
        workspace.file("prompts.csv", "id,prompt,width", "a,fox,", "b,hen,", "b,hen,", "c,owl,17");

    run(prompts, "out", "--max-error-fraction", "0.5", "--batch-size", "3");

    List<Path> reports;
    try (var files = Files.list(workspace.output("out").resolve("_runs"))) {
      reports = files.toList();
    }
    assertThat(reports).hasSize(1);
    JsonNode report = new ObjectMapper().readTree(reports.get(0).toFile());
    JsonNode counts = report.get("counts");
    assertThat(counts.get("images_requested").asInt()).isEqualTo(3);
    assertThat(counts.get("images_distinct").asInt()).isEqualTo(2);
    assertThat(counts.get("images_made").asInt()).isEqualTo(2);
    assertThat(counts.get("texts_encoded").asInt()).isEqualTo(2);
    assertThat(counts.get("rows_invalid").asInt()).isEqualTo(1);
    assertThat(report.get("options").get("batch-size").asInt()).isEqualTo(3);
    assertThat(report.get("seconds").get("denoising").asDouble()).isEqualTo(1);
    assertThat(report.get("model").get("license").asText()).isEqualTo("mit");
    String runId = report.get("run_id").asText();
    assertThat(reports.get(0)).hasFileName(runId + ".json");
    assertThat(workspace.byImage("out", "run_id").values()).containsOnly(runId);
  }

  @Test
  void theSameCommandAgainMakesOnlyWhatIsMissing() {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox", "b,hen");
    run(prompts, "out");
    var before = workspace.<String>byImage("out", "run_id");

    CommandLineRun nothing = run(prompts, "out");
    workspace.file("prompts.csv", "id,prompt", "a,fox", "c,owl", "b,hen", "a,another fox");
    CommandLineRun rest = run(prompts, "out");

    assertThat(nothing.code()).isZero();
    assertThat(nothing.out()).startsWith("0 images, 0 failed rows, 0.00 images/s, 2 there before");
    assertThat(rest.out()).startsWith("2 images, 0 failed rows").contains("2 there before");
    assertThat(workspace.images("out").select("request_key").distinct().count()).isEqualTo(4);
    assertThat(workspace.images("out").where("run_id = '" + before.get("a/0") + "'").count())
        .isEqualTo(2);
  }

  @Test
  void whatAPortionWithoutACommitHasIsMadeAgain() throws Exception {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox", "b,hen");
    run(prompts, "out");
    Path portion = workspace.output("out/data/portion=000000");
    Files.delete(portion.resolve("_SUCCESS"));

    CommandLineRun run = run(prompts, "out");

    assertThat(run.out()).startsWith("2 images");
    assertThat(workspace.<String>byImage("out", "sha256")).hasSize(2);
  }

  @Test
  void rowsWithoutIdAndOfEqualContentAreOneRequest() {
    Path prompts =
        workspace.file("prompts.csv", "prompt,seed", "fox,1", "fox,1", "fox,2", "hen,", "hen,");

    CommandLineRun run = run(prompts, "out");

    assertThat(run.out()).startsWith("3 images, 0 failed rows").contains("2 asked for twice");
    assertThat(workspace.images("out").count()).isEqualTo(3);
  }

  @Test
  void aSeedFollowsFromTheJobsSeedAndTheId() {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");

    run(prompts, "first");
    run(prompts, "second");
    run(prompts, "other", "--seed", "1");

    // The first 63 bits of SHA-256 of "0\na" and "1\na".
    assertThat(workspace.<Long>byImage("first", "seed").get("a/0"))
        .isEqualTo(Long.parseUnsignedLong(DigestUtils.sha256Hex("0\na").substring(0, 16), 16) >>> 1)
        .isEqualTo(workspace.<Long>byImage("second", "seed").get("a/0"));
    assertThat(workspace.<Long>byImage("other", "seed").get("a/0"))
        .isEqualTo(
            Long.parseUnsignedLong(DigestUtils.sha256Hex("1\na").substring(0, 16), 16) >>> 1);
  }

  @Test
  void badRowsAreErrorRowsAndTheRestIsMade() {
    Path prompts =
        workspace.file(
            "prompts.jsonl",
            "{\"id\": 1, \"prompt\": \"fox\"}",
            "{\"id\": 2, \"prompt\": null}",
            "{\"id\": 3, \"prompt\": \"hen\", \"width\": 100}",
            "{\"id\": 4, \"prompt\": \"owl " + ConstantPictures.NOT_FINITE + "\"}",
            "{\"id\": 5, \"prompt\": \"elk\"");

    CommandLineRun run = run(prompts, "out");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out())
        .startsWith("1 images, 4 failed rows")
        .contains("errors:   " + folder + "/out/_errors (Parquet, one row a failed request)");
    assertThat(workspace.<String>byImage("out", "prompt")).containsOnlyKeys("1/0");
    assertThat(workspace.errors("out"))
        .extracting(
            row -> row.<String>getAs("error_code") + " " + row.<String>getAs("error_message"))
        .containsExactly(
            "INVALID_ROW "
                + prompts
                + ": row 2: prompt: is null; a text is needed, it may be empty",
            "INVALID_ROW "
                + prompts
                + ": row 3: width: '100'; not a multiple of 16, 96 and 112 are",
            "INVALID_ROW "
                + prompts
                + ": row 5: cannot be taken apart into the table's columns: {\"id\": 5, \"prompt\": \"elk\"",
            "NOT_FINITE the latents are not finite");
    assertThat(run(prompts, "tolerated", "--max-error-fraction", "0.8").code()).isZero();
  }

  @Test
  void aRunThatIsGoingWrongStopsEarly() {
    int rows = 2000;
    Path prompts =
        workspace.file(
            "prompts.csv",
            IntStream.rangeClosed(0, rows)
                .mapToObj(i -> i == 0 ? "id,prompt" : i + ",owl " + ConstantPictures.NOT_FINITE)
                .toArray(String[]::new));

    CommandLineRun run = run(prompts, "out");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("stopped: ").contains("more than --max-error-fraction 0.01");
    assertThat(workspace.errors("out")).hasSizeBetween(100, rows);
  }

  @Test
  void failedRequestsOfAnEarlierRunAreTriedAgainWhenAskedFor() {
    Path prompts =
        workspace.file(
            "prompts.csv",
            "id,prompt,width",
            "a,fox,",
            "b,hen,5",
            "c," + ConstantPictures.NOT_FINITE + ",");
    run(prompts, "out");

    CommandLineRun again = run(prompts, "out");
    int tries = ConstantPictures.TRIES.get();
    CommandLineRun retried = run(prompts, "out", "--retry-errors");

    assertThat(again.code()).isEqualTo(1);
    assertThat(again.out()).startsWith("0 images, 2 failed rows").contains("1 there before");
    assertThat(retried.code()).isEqualTo(1);
    assertThat(retried.out()).startsWith("0 images, 2 failed rows");
    assertThat(ConstantPictures.TRIES).hasValue(tries + 1);
    assertThat(workspace.errors("out")).as("no error twice").hasSize(2);
  }

  @Test
  void whatTheMachineFailedAtIsTriedAgainByItself() {
    Path prompts =
        workspace.file(
            "prompts.csv",
            "id,prompt",
            "a," + ConstantPictures.NOT_FINITE,
            "b," + ConstantPictures.TOO_LARGE,
            "c,fox");
    run(prompts, "out", "--max-error-fraction", "1");
    int tries = ConstantPictures.TRIES.get();

    CommandLineRun again = run(prompts, "out", "--max-error-fraction", "1");

    assertThat(again.code()).as(again.err()).isZero();
    assertThat(ConstantPictures.TRIES).hasValue(tries + 1);
    assertThat(workspace.errors("out"))
        .extracting(row -> row.<String>getAs("error_code"))
        .containsExactlyInAnyOrder("NOT_FINITE", "OUT_OF_MEMORY");
  }

  @Test
  void everyPortionIsAFolderThatIsCommittedByItself() {
    Path prompts =
        workspace.file(
            "prompts.csv",
            IntStream.rangeClosed(0, 25)
                .mapToObj(i -> i == 0 ? "id,prompt" : i + ",fox")
                .toArray(String[]::new));

    CommandLineRun run = run(prompts, "out", "--commit-every", "10", "--batch-size", "4");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("25 images, 0 failed rows");
    assertThat(workspace.files().stream().filter(file -> file.endsWith("/_SUCCESS")))
        .containsExactly(
            "out/data/portion=000000/_SUCCESS",
            "out/data/portion=000001/_SUCCESS",
            "out/data/portion=000002/_SUCCESS");
    assertThat(workspace.images("out").groupBy("portion").count().collectAsList())
        .extracting(row -> row.getLong(1))
        .as("whole batches")
        .containsExactlyInAnyOrder(8L, 8L, 9L);
    assertThat(workspace.<String>byImage("out", "sha256")).hasSize(25);
  }

  @Test
  void aSecondRunOnAnOutputThatIsBeingWrittenIsRefused() throws Exception {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");
    FileSystem files = FileSystem.getLocal(new Configuration());
    Path leases = workspace.output("out").resolve("_fluxspark");

    try (Lease other =
        Lease.acquire(files, new org.apache.hadoop.fs.Path(leases.toString()), "other-run")) {
      CommandLineRun run = run(prompts, "out");

      assertThat(run.code()).isEqualTo(2);
      assertThat(run.err())
          .contains("/out: run other-run on ", " has been writing it since ", "wait for its end");
    }
    assertThat(run(prompts, "out").code()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"png, 137", "jpeg, 255", "webp, 82"})
  void picturesAreOfTheFormatThatWasAskedFor(String format, int firstByte) {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");

    CommandLineRun run = run(prompts, "out", "--image-format", format);

    assertThat(run.code()).as(run.err()).isZero();
    byte[] file = workspace.<byte[]>byImage("out", "image.bytes").get("a/0");
    assertThat(file[0] & 255).isEqualTo(firstByte);
    assertThat(workspace.<String>byImage("out", "image.path").get("a/0"))
        .endsWith(format.equals("jpeg") ? ".jpg" : "." + format);
  }

  @Test
  void scoresAreColumnsWhereTheyAreWanted() {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");
    run(prompts, "without");

    CommandLineRun run = run(prompts, "out", "--scores");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(workspace.<Double>byImage("out", "flatness")).containsEntry("a/0", 1.0);
    assertThat(workspace.<Double>byImage("out", "sharpness")).containsEntry("a/0", 0.0);
    assertThat(workspace.<Long>byImage("out", "perceptual_hash").get("a/0")).isNotNull();
    assertThat(workspace.<Double>byImage("without", "flatness")).containsEntry("a/0", null);
    assertThat(workspace.<Double>byImage("out", "clip_score")).containsEntry("a/0", null);
    assertThat(workspace.images("without").schema()).isEqualTo(workspace.images("out").schema());
  }

  @Test
  void clipScoresAreAColumnWhereAModelIsGiven() {
    Path prompts =
        workspace.file("prompts.csv", "id,prompt,num_images_per_prompt", "a,fox,2", "b,owl,1");
    String folder = Project.golden("clip").toString();

    CommandLineRun run = run(prompts, "out", "--clip-model", folder, "--batch-size", "2");
    CommandLineRun again = run(prompts, "out");

    assertThat(run.code()).as(run.err()).isZero();
    Map<String, Double> scores = workspace.byImage("out", "clip_score");
    Map<String, byte[]> files = workspace.byImage("out", "image.bytes");
    assertThat(scores).containsOnlyKeys("a/0", "a/1", "b/0");
    try (ClipScorer clip = ClipScorer.load(ClipFolder.open(Project.golden("clip")), Device.cpu())) {
      scores.forEach(
          (image, score) ->
              assertThat(score)
                  .as(image)
                  .isEqualTo(
                      clip.score(
                          InputPictures.decode(files.get(image), 1 << 20),
                          image.startsWith("a") ? "fox" : "owl")));
    }
    // A score decides no pixel, so it is no part of what a picture is known by.
    assertThat(again.out()).contains("0 images", "3 there before");
  }

  @Test
  void aReviewKeepsOrDropsPicturesOneByOne() {
    Path prompts =
        workspace.file(
            "prompts.csv", "id,prompt", "a,fox", "b,a bad owl", "c,hen", "d,a broken elk");
    String[] options = {
      "--batch-size", "4", "--max-error-fraction", "0.5", "--review", Prudish.class.getName()
    };

    CommandLineRun run = run(prompts, "out", options);
    int tries = ConstantPictures.TRIES.get();
    CommandLineRun again = run(prompts, "out", options);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(workspace.<String>byImage("out", "verdict"))
        .isEqualTo(Map.of("a/0", "48 wide", "c/0", "48 wide"));
    assertThat(workspace.errors("out"))
        .extracting(
            row -> row.<String>getAs("error_code") + " " + row.<String>getAs("error_message"))
        .containsExactly(
            "REJECTED rejected by the review: not fit to be seen",
            "REJECTED the review "
                + Prudish.class.getName()
                + " failed: java.lang.IllegalStateException: cannot look");
    assertThat(again.out()).startsWith("0 images");
    assertThat(ConstantPictures.TRIES).as("rejected pictures are not made again").hasValue(tries);
  }

  @Test
  void aReviewThatIsNoneIsRefused() {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "a,fox");

    CommandLineRun run = run(prompts, "out", "--review", "java.lang.String");

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .contains("--review java.lang.String: a public class that implements ", "PictureReview");
    assertThat(workspace.output("out")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"csv", "json", "parquet"})
  void tablesOfEveryFormatGiveTheSamePictures(String format) {
    Path prompts =
        workspace.file("prompts.csv", "id,prompt,width,seed", "a,fox,64,9007199254740993");
    run(prompts, "expected");
    var table = TestSpark.session().read().option("header", "true").csv(prompts.toString());
    table.write().format(format).option("header", "true").save(folder + "/table");

    CommandLineRun run = run(folder.resolve("table"), "out", "--prompts-format", format);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(workspace.<String>byImage("out", "request_key"))
        .isEqualTo(workspace.<String>byImage("expected", "request_key"));
  }

  @Test
  void aTableOfSparkIsAPromptTable() {
    TestSpark.session()
        .sql("select 1 as id, 'fox' as prompt, 64 as width, current_date() as day")
        .write()
        .mode(SaveMode.Overwrite)
        .saveAsTable("prompts_of_spark");

    CommandLineRun run = run(Path.of("prompts_of_spark"), "out");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(workspace.<Integer>byImage("out", "width")).containsEntry("1/0", 64);
  }

  @Test
  void theModelIsLoadedOnceForAllTasksOfTwoJobs() {
    Path prompts =
        workspace.file(
            "prompts.csv",
            IntStream.range(0, 30)
                .mapToObj(i -> i == 0 ? "id,prompt" : i + ",fox")
                .toArray(String[]::new));
    run(prompts, "first");
    int loads = ConstantPictures.LOADS.get();

    run(prompts, "second");

    assertThat(ConstantPictures.LOADS).hasValue(loads);
  }

  @Test
  void pathsNeverComeFromPromptsOrIds() {
    Path prompts = workspace.file("prompts.csv", "id,prompt", "../../a,fox");

    run(prompts, "out");

    assertThat(workspace.files()).noneMatch(file -> file.contains("..") || file.contains("fox"));
  }

  private CommandLineRun run(Path prompts, String output, String... options) {
    return CommandLineRun.of(workspace.generate(prompts, output, options));
  }
}
