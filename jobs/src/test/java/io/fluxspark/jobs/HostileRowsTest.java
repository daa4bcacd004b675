package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thousand rows that somebody wrote to break something. */
class HostileRowsTest {
  private static final int ROWS = 1000;
  private static final List<String> TEXTS =
      List.of(
          "../../../../tmp/evil",
          "/etc/passwd",
          "a\u0000b",
          "\"; DROP TABLE images; --",
          "=cmd|' /C calc'!A0",
          "line\nbreak\r\nand\ttab",
          "<script>alert(1)</script>",
          "<img src=x onerror=alert(1)>",
          "{{7*7}} ${jndi:ldap://x} #{1}",
          "\u202Eright to left\u202C \u2066isolated\u2069",
          "\uD800 lone high",
          "lone low \uDC00",
          "%s%n%d %x",
          "\uFEFFmark",
          "NULL",
          "",
          "e\u0301\u0301\u0301\u0301",
          "👩‍👩‍👧‍👦".repeat(50),
          "x".repeat(100_000));
  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-1",
          "1e999",
          "NaN",
          "Infinity",
          "1.5",
          "9223372036854775808",
          "0x10",
          "٣",
          " 32 ",
          "32",
          "48.0",
          "1_000",
          "",
          "null",
          "true",
          "𝟛𝟚");

  @TempDir private Path folder;

  @Test
  void eachIsAPictureOrAnErrorRow() throws Exception {
    Workspace workspace = new Workspace(folder);
    Random random = new Random(7);
    // Escaped, since half a surrogate pair has no bytes of its own.
    JsonMapper json = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    List<Path> pictures = pictures();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      ObjectNode row = json.createObjectNode();
      row.put("id", i + " " + TEXTS.get(random.nextInt(TEXTS.size())));
      row.put("prompt", TEXTS.get(i % TEXTS.size()));
      row.put("label", TEXTS.get(random.nextInt(TEXTS.size())));
      if (random.nextInt(3) == 0) {
        String column =
            List.of("width", "height", "seed", "num_inference_steps", "guidance_scale", "prompt")
                .get(random.nextInt(6));
        row.put(column, NUMBERS.get(random.nextInt(NUMBERS.size())));
      }
      if (random.nextInt(4) == 0) {
        row.put("image", pictures.get(random.nextInt(pictures.size())).toString());
      }
      lines.add(json.writeValueAsString(row));
    }
    Path prompts = workspace.file("in/prompts.jsonl", lines.toArray(String[]::new));

    CommandLineRun run =
        CommandLineRun.of(workspace.generate(prompts, "out", "--max-error-fraction", "1"));

    assertThat(run.code()).as(run.err()).isZero();
    Set<Integer> accounted = new HashSet<>();
    for (Row image : workspace.images("out").select("id").collectAsList()) {
      assertThat(accounted.add(number(image.getString(0)))).isTrue();
    }
    assertThat(accounted).hasSizeGreaterThan(ROWS / 2);
    for (Row error : workspace.errors("out")) {
      assertThat(error.<String>getAs("error_message")).doesNotContain("\n").hasSizeLessThan(2000);
      assertThat(accounted.add(number(error.getAs("id")))).isTrue();
    }
    assertThat(accounted).hasSize(ROWS);
    assertThat(workspace.files())
        .allMatch(file -> file.startsWith("in/") || file.startsWith("out/"));
  }

  /** One that is good, and others that are no pictures, damaged, or too large. */
  private List<Path> pictures() throws IOException {
    byte[] good = Files.readAllBytes(Project.golden("dev/cases/img2img/input.png"));
    byte[] bomb = good.clone();
    ByteBuffer.wrap(bomb, 16, 8).putInt(100_000).putInt(100_000);
    CRC32 crc = new CRC32();
    crc.update(bomb, 12, 17);
    ByteBuffer.wrap(bomb, 29, 4).putInt((int) crc.getValue());
    byte[] zip = {'P', 'K', 3, 4, 0, 0, 0, 0};
    byte[] gif = "GIF89a\377\377\377\377\0\0\0;".getBytes(StandardCharsets.ISO_8859_1);
    Map<String, byte[]> files =
        Map.of(
            "good.png",
            good,
            "bomb.png",
            bomb,
            "cut off.png",
            Arrays.copyOf(good, good.length / 2),
            "empty.png",
            new byte[0],
            "page.png",
            "<html><script>alert(1)</script>".getBytes(StandardCharsets.UTF_8),
            "drawing.svg",
            "<svg onload='alert(1)'/>".getBytes(StandardCharsets.UTF_8),
            "zip.jpg",
            zip,
            "huge.gif",
            gif);
    List<Path> paths = new ArrayList<>();
    for (Map.Entry<String, byte[]> file : new TreeMap<>(files).entrySet()) {
      Path path = folder.resolve("in").resolve(file.getKey());
      Files.createDirectories(path.getParent());
      paths.add(Files.write(path, file.getValue()));
    }
    paths.add(folder.resolve("in/../../nowhere.png"));
    paths.add(Path.of("/etc/passwd"));
    paths.add(folder);
    return paths;
  }

  private static int number(String id) {
    return Integer.parseInt(id.substring(0, id.indexOf(' ')));
  }
}
