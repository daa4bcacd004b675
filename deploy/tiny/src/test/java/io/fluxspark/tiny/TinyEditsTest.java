package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyEditsTest {
  private static final String COLUMNS =
      "id string, kind string, before string, after string, wrong array<string>";

  @TempDir Path temp;

  private Path edits() throws IOException {
    Path data = temp.resolve("data");
    Path edits = temp.resolve("edits");
    String emoji = EmojiPackage.write(temp.resolve("package"), 400).toString();
    assertThat(Ran.of(new TinyData(), emoji, data.toString(), "--emoji=400", "--scenes=1").code())
        .isZero();
    Ran ran = Ran.of(new TinyEdits(), data.toString(), edits.toString(), "--scenes=20");
    assertThat(ran.code()).as(ran.err()).isZero();
    return edits;
  }

  private BufferedImage picture(Path edits, JsonNode row, String column) {
    return Pictures.read(edits.resolve(row.path(column).asText()));
  }

  @Test
  void picturesDifferFromWhatTheyWereAndNothingThatIsAskedWasTrained() throws IOException {
    Path edits = edits();

    List<JsonNode> trained = JsonLines.read(edits.resolve("train.jsonl"));
    // Eight edits of each of 360 emoji, two to four of each scene.
    assertThat(trained.size()).isBetween(8 * 360 + 2 * 20, 8 * 360 + 4 * 20);
    assertThat(weight(trained, "emoji")).isCloseTo(0.35 * trained.size(), within(1e-6));
    assertThat(weight(trained, "scene")).isCloseTo(0.65 * trained.size(), within(1e-6));
    List<JsonNode> asked = JsonLines.read(edits.resolve("edits.jsonl"));
    assertThat(asked).hasSize(200);
    for (JsonNode row : asked) {
      BufferedImage after = picture(edits, row, "after");
      assertThat(row.path("image")).isEqualTo(row.path("before"));
      assertThat(Pictures.difference(picture(edits, row, "before"), after))
          .as(row.toString())
          .isPositive();
      for (JsonNode wrong : row.path("wrong")) {
        assertThat(Pictures.difference(Pictures.read(edits.resolve(wrong.asText())), after))
            .as(row.toString())
            .isPositive();
      }
    }
    assertThat(asked.stream().map(row -> row.path("prompt").asText()))
        .anySatisfy(prompt -> assertThat(prompt).startsWith("make it "))
        .anySatisfy(
            prompt -> assertThat(prompt).matches("make the .*(circle|square|star|triangle) .*"))
        .anySatisfy(prompt -> assertThat(prompt).matches("add an? .* on the (left|right)"))
        .anySatisfy(prompt -> assertThat(prompt).matches("add an? .* (above|below)"))
        .anySatisfy(prompt -> assertThat(prompt).startsWith("remove the "))
        .contains("mirror it");
    assertThat(Ran.of(new TinyEdits(), temp.resolve("data").toString(), edits.toString()).err())
        .contains("is there already");
  }

  private static double weight(List<JsonNode> rows, String name) {
    return rows.stream()
        .filter(row -> row.path("id").asText().startsWith(name))
        .mapToDouble(row -> row.path("weight").asDouble())
        .sum();
  }

  @Test
  void countsAnEditAsRightWhenNoOtherOutcomeIsNearer() throws IOException {
    Path edits = edits();
    List<JsonNode> asked = JsonLines.read(edits.resolve("edits.jsonl"));
    JsonNode right = asked.get(asked.size() - 1);
    JsonNode left = asked.get(asked.size() - 2);
    TestOutput.write(
        temp.resolve("output"),
        COLUMNS,
        List.of(
            row(right, picture(edits, right, "after")), row(left, picture(edits, left, "before"))));

    Ran ran = Ran.of(new TinyEditing(), edits.toString(), temp.resolve("output").toString());

    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode result = new ObjectMapper().readTree(ran.out());
    assertThat(result.path("edits").asInt()).isEqualTo(2);
    assertThat(result.path("right").asDouble()).isEqualTo(0.5);
    assertThat(result.path("mean_difference").asDouble()).isPositive();
    assertThat(result.path(right.path("kind").asText()).path("right").asDouble()).isEqualTo(1);
    assertThat(result.path(left.path("kind").asText()).path("right").asDouble()).isZero();
  }

  private static Row row(JsonNode asked, BufferedImage made) throws IOException {
    return RowFactory.create(
        asked.path("id").asText(),
        asked.path("kind").asText(),
        asked.path("before").asText(),
        asked.path("after").asText(),
        StreamSupport.stream(asked.path("wrong").spliterator(), false)
            .map(JsonNode::asText)
            .toArray(String[]::new),
        TestOutput.image(made));
  }

  @Test
  void anOtherOutputIsRefused() throws IOException {
    TestOutput.write(
        temp.resolve("output"),
        "id string",
        List.of(RowFactory.create("a", TestOutput.image(Pictures.white(8, 8)))));

    assertThat(Ran.of(new TinyEditing(), "edits", temp.resolve("output").toString()).err())
        .contains("has no column 'after'");
  }
}
