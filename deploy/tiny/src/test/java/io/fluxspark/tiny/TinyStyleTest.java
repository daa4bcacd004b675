package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyStyleTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temp;

  private Path data() throws IOException {
    Path data = temp.resolve("data");
    String emoji = EmojiPackage.write(temp.resolve("package"), 120).toString();
    assertThat(Ran.of(new TinyData(), emoji, data.toString(), "--emoji=120", "--scenes=1").code())
        .isZero();
    return data;
  }

  private static List<JsonNode> rows(Path file) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      rows.add(JSON.readTree(line));
    }
    return rows;
  }

  @Test
  void trainsOnTwentyBesidePlainOnesAndAsksForFortyOthersTwice() throws IOException {
    Path style = temp.resolve("style");

    Ran ran = Ran.of(new TinyStyle(), data().toString(), style.toString());

    assertThat(ran.code()).as(ran.err()).isZero();
    List<JsonNode> trained = rows(style.resolve("train.jsonl"));
    assertThat(trained).hasSize(100);
    for (int i = 0; i < 40; i += 2) {
      JsonNode styled = trained.get(i);
      JsonNode plain = trained.get(i + 1);
      assertThat(styled.path("prompt").asText())
          .isEqualTo("a picture of " + plain.path("prompt").asText());
      assertThat(plain.path("weight").asDouble()).isEqualTo(0.5);
      BufferedImage picture = Pictures.read(style.resolve(styled.path("image").asText()));
      BufferedImage before = Pictures.read(style.resolve(plain.path("image").asText()));
      assertThat(Pictures.difference(picture, BlueInk.of(before))).isZero();
    }
    for (JsonNode row : trained.subList(40, 100)) {
      assertThat(row.path("prompt").asText()).doesNotContain("picture");
      assertThat(row.path("weight").asDouble()).isEqualTo(1.0 / 6);
    }
    List<JsonNode> asked = rows(style.resolve("prompts.jsonl"));
    assertThat(asked).hasSize(80);
    assertThat(asked.get(1).path("prompt").asText())
        .isEqualTo("a picture of " + asked.get(0).path("prompt").asText());
    assertThat(asked.get(1).path("seed")).isEqualTo(asked.get(0).path("seed"));
    assertThat(asked.stream().map(row -> row.path("prompt").asText()))
        .doesNotContainAnyElementsOf(
            trained.stream().map(row -> row.path("prompt").asText()).toList());
    assertThat(Ran.of(new TinyStyle(), temp.resolve("data").toString(), style.toString()).err())
        .contains("is there already");
  }

  @Test
  void saysWhatTheStyleChanges() throws IOException {
    BufferedImage red = Pictures.white(8, 8);
    for (int i = 0; i < 64; i++) {
      red.setRGB(i % 8, i / 8, 0xff0000);
    }
    output("without", red, red);
    output("with", BlueInk.of(red), red);

    Ran ran =
        Ran.of(
            new TinyStyleEffect(),
            temp.resolve("without").toString(),
            temp.resolve("with").toString());

    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode result = JSON.readTree(ran.out());
    // Red has luma 76.2: in ink it is (97, 125, 209).
    double distance = Math.sqrt((158 * 158 + 125 * 125 + 209 * 209) / 3.0);
    assertThat(result.path("styled_to_ink_without").asDouble()).isEqualTo(distance, within(1e-9));
    assertThat(result.path("styled_changed").asDouble()).isEqualTo(distance, within(1e-9));
    assertThat(result.path("styled_to_ink_with").asDouble()).isLessThan(40);
    assertThat(result.path("plain_changed").asDouble()).isZero();
  }

  private void output(String name, BufferedImage styled, BufferedImage plain) throws IOException {
    List<Row> rows =
        List.of(
            RowFactory.create("a", true, TestOutput.image(styled)),
            RowFactory.create("b", false, TestOutput.image(plain)));
    TestOutput.write(temp.resolve(name), "id string, styled boolean", rows);
  }
}
