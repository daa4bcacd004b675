package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyDataTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temp;

  private Path emoji() throws IOException {
    return EmojiPackage.write(temp.resolve("package"), 3);
  }

  private static List<JsonNode> rows(Path file) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      rows.add(JSON.readTree(line));
    }
    return rows;
  }

  private static Map<String, byte[]> bytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .collect(
              Collectors.toMap(file -> folder.relativize(file).toString(), TinyDataTest::read));
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Path data(String name, String... options) throws IOException {
    Path output = temp.resolve(name);
    List<String> arguments =
        new ArrayList<>(List.of(emoji().toString(), output.toString(), "--scenes=40"));
    arguments.addAll(List.of("--emoji=3"));
    arguments.addAll(List.of(options));
    assertThat(run(arguments.toArray(String[]::new))).isZero();
    return output;
  }

  @Test
  void writesPicturesAndRowsByWeight() throws IOException {
    Path data = data("data", "--scene-share=0.25");

    List<JsonNode> rows = rows(data.resolve("train.jsonl"));
    assertThat(rows).hasSize(3 * 5 + 40);
    assertThat(rows).extracting(row -> row.get("id").asText()).doesNotHaveDuplicates();
    assertThat(rows.get(0).get("prompt").asText()).isEqualTo("a slice of pizza");
    double scenes = weight(rows, "scene");
    assertThat(scenes / (scenes + weight(rows, "emoji")))
        .isEqualTo(0.25, org.assertj.core.data.Offset.offset(1e-9));
    for (JsonNode row : rows) {
      BufferedImage picture = ImageIO.read(data.resolve(row.get("image").asText()).toFile());
      assertThat(picture.getWidth()).isEqualTo(64);
      assertThat(picture.getHeight()).isEqualTo(64);
      assertThat(picture.getColorModel().hasAlpha()).isFalse();
      assertThat(picture.getRGB(0, 0)).isEqualTo(0xFFFFFFFF);
    }
  }

  private static double weight(List<JsonNode> rows, String kind) {
    return rows.stream()
        .filter(row -> row.get("kind").asText().equals(kind))
        .mapToDouble(row -> row.get("weight").asDouble())
        .sum();
  }

  @Test
  void theSameArgumentsGiveTheSameBytes() throws IOException {
    Map<String, byte[]> first = bytes(data("first"));
    Map<String, byte[]> second = bytes(data("second"));
    Map<String, byte[]> other = bytes(data("other", "--seed=2"));

    assertThat(second).containsOnlyKeys(first.keySet());
    first.forEach((name, bytes) -> assertThat(second.get(name)).as(name).isEqualTo(bytes));
    assertThat(other.get("train.jsonl")).isNotEqualTo(first.get("train.jsonl"));
  }

  @Test
  void scalesToOtherSizes() throws IOException {
    Path data = data("data", "--size=32");

    BufferedImage scene = ImageIO.read(data.resolve("images/scene-000000.png").toFile());
    BufferedImage emoji = ImageIO.read(data.resolve("images/emoji-0.png").toFile());
    assertThat(scene.getWidth()).isEqualTo(32);
    assertThat(emoji.getHeight()).isEqualTo(32);
    assertThat(new Color(emoji.getRGB(16, 16))).isEqualTo(EmojiPackage.colour(0));
  }

  @Test
  void testsAskForWhatIsHeldOutAndForEmoji() throws IOException {
    Path data = data("data");

    assertThat(rows(data.resolve("heldout.jsonl")))
        .hasSize(200)
        .extracting(row -> row.get("prompt").asText())
        .doesNotHaveDuplicates()
        .isSubsetOf(
            Combination.all().stream()
                .filter(Combination::isHeldOut)
                .map(Combination::caption)
                .toList());
    assertThat(rows(data.resolve("retrieval.jsonl")))
        .extracting(row -> row.get("prompt").asText())
        .containsExactlyElementsOf(Emoji.phrases().values().stream().limit(3).toList());
  }

  @Test
  void saysInOneLineWhatIsWrong() throws IOException {
    String output = temp.resolve("out").toString();
    String emoji = emoji().toString();

    assertThat(run(temp.resolve("none").toString(), output)).isEqualTo(2);
    assertThat(run(emoji, output)).as("too few emoji").isEqualTo(2);
    assertThat(run(emoji, output, "--scene-share=1")).isEqualTo(2);
    assertThat(run(emoji, output, "--scenes=many")).isEqualTo(2);
    assertThat(run(emoji, emoji, "--emoji=3")).as("not empty").isEqualTo(2);
    assertThat(Path.of(output)).doesNotExist();
  }

  private static int run(String... arguments) {
    return Ran.of(new TinyData(), arguments).code();
  }
}
