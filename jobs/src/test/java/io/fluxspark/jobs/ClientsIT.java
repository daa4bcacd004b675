package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a job wrote, read with the programs that people read it with. */
@Tag("clients")
class ClientsIT {
  @TempDir private Path folder;

  @BeforeEach
  void generate() {
    Workspace workspace = new Workspace(folder);
    Path prompts =
        workspace.file(
            "prompts.jsonl",
            "{\"id\": \"a\", \"prompt\": \"fox\", \"seed\": 7, \"label\": 1.5, \"tags\": [\"x\", \"y\"]}",
            "{\"id\": \"b\", \"prompt\": \"größe 日本\", \"seed\": 9, \"label\": null, \"tags\": []}",
            "{\"id\": \"c\", \"prompt\": null}");
    CommandLineRun run =
        CommandLineRun.of(workspace.generate(prompts, "out", "--max-error-fraction", "1"));
    assertThat(run.code()).as(run.err()).isZero();
  }

  @Test
  void datasetsLoadsPicturesByTheCard() throws Exception {
    String printed =
        PythonEnvironment.run(
            """
            import sys, datasets
            rows = datasets.load_dataset(sys.argv[1], split="train", cache_dir=sys.argv[2]).sort("id")
            print(rows.features["image"], rows.features["label"], rows.features["tags"])
            for row in rows:
                print(row["id"], row["prompt"], row["image"].size, row["image"].getpixel((0, 0)), row["tags"])
            """,
            folder.resolve("out").toString(),
            folder.resolve("cache").toString());

    assertThat(printed.lines())
        .containsExactly(
            "Image(mode=None, decode=True) Value('float64') List(Value('string'))",
            "a fox (48, 32) (7, 7, 7) ['x', 'y']",
            "b größe 日本 (48, 32) (9, 9, 9) []");
  }

  @Test
  void duckdbQueriesThem() throws Exception {
    String printed =
        PythonEnvironment.run(
            """
            import sys, duckdb
            for row in duckdb.sql(f\"""
                select id, seed, octet_length(image.bytes) > 60, image.path like '%.png', portion
                from read_parquet('{sys.argv[1]}/data/**/*.parquet', hive_partitioning = true) order by id\""").fetchall():
                print(*row)
            print(duckdb.sql(f"select error_code from '{sys.argv[1]}/_errors/**/*.parquet'").fetchall())
            """,
            folder.resolve("out").toString());

    // The rows that are wrong are a portion of their own, the first.
    assertThat(printed.lines())
        .containsExactly("a 7 True True 000001", "b 9 True True 000001", "[('INVALID_ROW',)]");
  }

  @Test
  void duckdbFindsNearDuplicatesByTheQueryOfTheReadme() throws Exception {
    String query =
        Files.readString(Project.path("README.md"))
            .lines()
            .dropWhile(line -> !line.startsWith("    select a.id"))
            .takeWhile(line -> line.startsWith("    "))
            .collect(Collectors.joining("\n"));
    String printed =
        PythonEnvironment.run(
            """
            import os, sys, duckdb
            os.chdir(sys.argv[1])
            os.makedirs("out/data/portion=0")
            duckdb.sql(\"""copy (from (values ('a', 'fox', 'a', 0::bigint), ('b', 'fox', 'b', 63), ('c', 'fox', 'c', -1),
                ('d', 'owl', 'd', 0), ('e', 'owl', 'e', null)) t(id, prompt, request_key, perceptual_hash))
                to 'out/data/portion=0/part.parquet'\""")
            print(duckdb.sql(sys.argv[2]).fetchall())
            """,
            Files.createDirectory(folder.resolve("duckdb")).toString(),
            query);

    assertThat(printed.strip()).isEqualTo("[('a', 'b')]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"data", "_errors"})
  void pyarrowReadsThem(String part) throws Exception {
    String printed =
        PythonEnvironment.run(
            """
            import io, sys, pyarrow.dataset
            from PIL import Image
            table = pyarrow.dataset.dataset(sys.argv[1], format="parquet", partitioning="hive").to_table()
            for row in table.sort_by("id").to_pylist():
                print(row["id"], row.get("error_code") or Image.open(io.BytesIO(row["image"]["bytes"])).size)
            """,
            folder.resolve("out").resolve(part).toString());

    assertThat(printed.lines())
        .containsExactlyElementsOf(
            part.equals("data")
                ? java.util.List.of("a (48, 32)", "b (48, 32)")
                : java.util.List.of("c INVALID_ROW"));
  }
}
