package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyRetrievalTest {
  private static final String COLUMNS = "id string, prompt string";

  @TempDir Path temp;

  private Path data() throws IOException {
    Path data = temp.resolve("data");
    String emoji = EmojiPackage.write(temp.resolve("package"), 3).toString();
    assertThat(run(emoji, data.toString(), "--emoji=3", "--scenes=5")).isZero();
    return data;
  }

  @Test
  void countsAndShows() throws IOException {
    Path data = data();
    BufferedImage first = Pictures.read(data.resolve("images/emoji-0.png"));
    BufferedImage shifted = Pictures.white(64, 64);
    shifted.createGraphics().drawImage(first, 1, -1, null);
    TestOutput.write(
        temp.resolve("out"),
        COLUMNS,
        List.of(
            RowFactory.create("one", "a slice of pizza", TestOutput.image(shifted)),
            RowFactory.create("two", "an emoji of the face of a dog", TestOutput.image(first))));
    Path sheet = temp.resolve("sheet.png");

    Ran ran =
        Ran.of(
            new TinyRetrieval(),
            data.toString(),
            temp.resolve("out").toString(),
            "--sheet",
            sheet.toString());

    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out())
        .isEqualTo(
            "{\"pictures\":2,\"emoji\":3,\"retrieved\":0.5,\"wrong\":{\"two\":\"a slice of pizza\"}}");
    BufferedImage drawn = ImageIO.read(sheet.toFile());
    assertThat(drawn.getWidth()).isEqualTo(2 * (2 * 64 + 6));
    assertThat(drawn.getRGB(0, 0)).isNotEqualTo(0xFFFF0000);
    assertThat(drawn.getRGB(2 * 64 + 6, 0)).isEqualTo(0xFFFF0000);
  }

  @Test
  void refusesPromptsThatAreNoCaptions() throws IOException {
    TestOutput.write(
        temp.resolve("out"),
        COLUMNS,
        List.of(RowFactory.create("one", "a red car", TestOutput.image(Pictures.white(64, 64)))));

    Ran ran = Ran.of(new TinyRetrieval(), data().toString(), temp.resolve("out").toString());

    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("'a red car' is no caption").contains("retrieval.jsonl");
  }

  private static int run(String... arguments) {
    return Ran.of(new TinyData(), arguments).code();
  }
}
