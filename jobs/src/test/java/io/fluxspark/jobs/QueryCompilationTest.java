package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QueryCompilationTest {
  private static final long MANY = 1_000_000;

  private final SparkSession spark = TestSpark.session();
  private final Finished nothing = new Finished(Optional.empty(), Optional.empty());

  @AfterEach
  void asSparkHasIt() {
    spark.conf().unset(QueryCompilation.MODE);
  }

  @Test
  void fewRowsAreInterpreted() {
    QueryCompilation.choose(spark, rows(10), nothing);

    assertThat(spark.conf().get(QueryCompilation.MODE)).isEqualTo(QueryCompilation.INTERPRETED);
  }

  @Test
  void manyRowsAreCompiled() {
    QueryCompilation.choose(spark, rows(10), nothing);
    QueryCompilation.choose(spark, rows(MANY), nothing);

    assertThat(spark.conf().get(QueryCompilation.MODE)).isEqualTo(QueryCompilation.COMPILED);
  }

  /** Of which all keys are read. */
  @Test
  void fewRowsForAnOutputThatHasPicturesAreCompiled() {
    QueryCompilation.choose(spark, rows(10), new Finished(Optional.of(rows(1)), Optional.empty()));

    assertThat(spark.conf().get(QueryCompilation.MODE)).isEqualTo(QueryCompilation.COMPILED);
  }

  @Test
  void aRunChoosesIt(@TempDir Path folder) throws Exception {
    Workspace workspace = new Workspace(folder);
    Path prompts = workspace.file("prompts.csv", "id,prompt,width", "a,fox,64");
    for (String mode : List.of(QueryCompilation.INTERPRETED, QueryCompilation.COMPILED)) {
      CommandLineRun run = CommandLineRun.of(workspace.generate(prompts, "out"));

      assertThat(run.code()).as(run.err()).isZero();
      assertThat(spark.conf().get(QueryCompilation.MODE)).isEqualTo(mode);
    }
  }

  private Dataset<Row> rows(long count) {
    return spark.range(count).toDF();
  }
}
