package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportTest {
  private static final int IMAGES = 7;

  @TempDir private Path folder;
  private Workspace workspace;

  private void generate(String... options) {
    workspace = new Workspace(folder);
    Path prompts =
        workspace.file(
            "prompts.csv",
            IntStream.rangeClosed(0, IMAGES)
                .mapToObj(i -> i == 0 ? "id,prompt,label" : "../" + i + ",größe " + i + ",x" + i)
                .toArray(String[]::new));
    CommandLineRun run = CommandLineRun.of(workspace.generate(prompts, "out", options));
    assertThat(run.code()).as(run.err()).isZero();
  }

  @Test
  void tarShardsHaveThreeFilesAPicture() throws IOException {
    generate();
    CommandLineRun run = export("webdataset", "shards", "--images-per-shard", "2");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).isEqualTo("7 pictures exported to " + folder + "/shards\n");
    Map<String, byte[]> files = new TreeMap<>();
    for (String name : new Workspace(folder.resolve("shards")).files()) {
      if (name.endsWith(".tar")) {
        Map<String, byte[]> shard = entries(Files.readAllBytes(folder.resolve("shards/" + name)));
        assertThat(shard).hasSizeBetween(3, 6);
        files.putAll(shard);
      }
    }
    assertSamePictures(files);
  }

  @Test
  void filesStandInFoldersOfTheirNames() throws IOException {
    generate();
    CommandLineRun run = export("files", "files");

    assertThat(run.code()).as(run.err()).isZero();
    Map<String, byte[]> files = new TreeMap<>();
    for (String name : new Workspace(folder.resolve("files")).files()) {
      if (!name.endsWith(".crc")) {
        String[] path = name.split("/");
        assertThat(path).hasSize(2);
        assertThat(path[1]).startsWith(path[0]);
        files.put(path[1], Files.readAllBytes(folder.resolve("files/" + name)));
      }
    }
    assertSamePictures(files);
  }

  @Test
  void parquetFilesHaveTheSizeThatIsWanted() throws IOException {
    generate("--commit-every", "1");
    List<Long> parts = sizes("out/data");
    assertThat(parts).hasSize(IMAGES);
    long two = parts.stream().mapToLong(size -> size).max().orElseThrow() * 2;

    CommandLineRun run = export("parquet", "two", "--target-file-size", Long.toString(two));
    CommandLineRun one = export("parquet", "one");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).isEqualTo("7 pictures exported to " + folder + "/two\n");
    assertThat(sizes("two")).hasSize((IMAGES + 1) / 2).allMatch(size -> size <= two);
    assertThat(one.code()).as(one.err()).isZero();
    assertThat(sizes("one")).hasSize(1);
    Dataset<Row> rows = workspace.images("out");
    for (String target : List.of("two", "one")) {
      Dataset<Row> exported = TestSpark.session().read().parquet(folder.resolve(target).toString());
      assertThat(exported.schema()).isEqualTo(rows.drop("portion").schema());
      assertThat(exported.orderBy("request_key").collectAsList())
          .isEqualTo(rows.drop("portion").orderBy("request_key").collectAsList());
    }
  }

  private List<Long> sizes(String name) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve(name))) {
      return files
          .filter(file -> file.toString().endsWith(".parquet"))
          .map(file -> file.toFile().length())
          .toList();
    }
  }

  @Test
  void whatCannotBeExportedIsNamed() {
    generate();
    assertThat(export("zip", "t").err())
        .contains("--to: 'zip'; one of webdataset, files, parquet is needed");
    assertThat(export("parquet", "t", "--target-file-size", "much").err())
        .contains("--target-file-size: 'much'; a size is needed, such as 512MB");
    assertThat(export("parquet", "t", "--target-file-size", "0").err())
        .contains("--target-file-size: '0'; a size is needed");
    assertThat(export("files", "t", "--skip-near-duplicates", "64").err())
        .contains("--skip-near-duplicates: 64; a whole number of bits from 0 to 63 is needed");
    assertThat(export("files", "t", "--skip-near-duplicates", "6").err())
        .contains("no picture has a perceptual_hash; generate fills it with --scores");
    assertThat(export("files", "out").err())
        .contains("--target " + folder + "/out: is there already; give a new folder");
    assertThat(
            CommandLineRun.of(
                    "export",
                    "--output",
                    folder + "/no",
                    "--to",
                    "files",
                    "--target",
                    folder + "/t")
                .err())
        .contains("/no: has no pictures; the output of generate is needed");
    assertThat(folder.resolve("t")).doesNotExist();
  }

  private void assertSamePictures(Map<String, byte[]> files) throws IOException {
    assertThat(files).hasSize(3 * IMAGES);
    Map<String, byte[]> pictures = workspace.byImage("out", "image.bytes");
    Map<String, String> names = workspace.byImage("out", "image.path");
    for (Map.Entry<String, byte[]> picture : pictures.entrySet()) {
      String name = names.get(picture.getKey());
      String stem = name.substring(0, name.indexOf('.'));
      assertThat(files.get(name)).isEqualTo(picture.getValue());
      JsonNode json = new ObjectMapper().readTree(files.get(stem + ".json"));
      assertThat(json.get("id").asText() + "/0").isEqualTo(picture.getKey());
      assertThat(json.get("label").asText()).startsWith("x");
      assertThat(json.has("image")).isFalse();
      assertThat(files.get(stem + ".txt")).asString().isEqualTo(json.get("prompt").asText());
    }
  }

  private static Map<String, byte[]> entries(byte[] tar) throws IOException {
    Map<String, byte[]> entries = new TreeMap<>();
    try (TarArchiveInputStream in = new TarArchiveInputStream(new ByteArrayInputStream(tar))) {
      for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        entries.put(entry.getName(), in.readAllBytes());
      }
    }
    return entries;
  }

  private CommandLineRun export(String format, String target, String... options) {
    String[] command = {
      "export", "--output", folder + "/out", "--to", format, "--target", folder + "/" + target
    };
    String[] all = java.util.Arrays.copyOf(command, command.length + options.length);
    System.arraycopy(options, 0, all, command.length, options.length);
    return CommandLineRun.of(all);
  }
}
