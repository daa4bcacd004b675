package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.spark.Tables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An output that a version has begun whose rows had fewer columns. */
class EarlierOutputTest {
  private static final String[] ADDED = Tables.ADDED_LATER.toArray(String[]::new);

  @TempDir private Path folder;
  private Workspace workspace;

  @BeforeEach
  void makeOutput() throws Exception {
    workspace = new Workspace(folder);
    Path prompts = workspace.file("first.csv", "id,prompt", "a,fox");
    CommandLineRun run = CommandLineRun.of(workspace.generate(prompts, "now", new String[0]));
    assertThat(run.code()).as(run.err()).isZero();
    Files.createDirectories(folder.resolve("out/_fluxspark"));
    Dataset<Row> now = workspace.images("now").drop("portion");
    now.drop(ADDED)
        .write()
        .mode(SaveMode.Overwrite)
        .parquet(folder.resolve("out/data/portion=000000").toString());
    assertThat(workspace.images("out").columns()).doesNotContain(ADDED);
    assertThat(now.columns()).contains(ADDED);
  }

  @Test
  void goesOnAndIsExportedWithAllColumns() {
    Path prompts =
        workspace.file(
            "prompts.csv",
            "id,prompt,negative_prompt,true_cfg_scale,true_cfg_start",
            "a,fox,,,",
            "b,hen,rain,2,0.5");

    CommandLineRun run = CommandLineRun.of(workspace.generate(prompts, "out", new String[0]));
    CommandLineRun exported =
        CommandLineRun.of(
            "export",
            "--output",
            workspace.output("out").toString(),
            "--to",
            "parquet",
            "--target",
            folder.resolve("exported").toString());

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("1 images, 0 failed rows").contains("1 there before");
    assertThat(folder.resolve("out/gallery.html")).content().contains("fox", "hen");
    assertThat(exported.code()).as(exported.err()).isZero();
    Map<String, Row> rows = new java.util.TreeMap<>();
    TestSpark.session()
        .read()
        .parquet(folder.resolve("exported").toString())
        .collectAsList()
        .forEach(row -> rows.put(row.getAs("id"), row));
    assertThat(rows.get("a").<Object>getAs("approximations")).isNull();
    assertThat(rows.get("a").<Object>getAs("true_cfg_start")).isNull();
    assertThat(rows.get("b").<Double>getAs("true_cfg_start")).isEqualTo(0.5);
    assertThat(rows.get("b").getList(rows.get("b").fieldIndex("approximations")))
        .isEqualTo(java.util.List.of("true_cfg_range"));
  }
}
