package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyScenesTest {
  private static final String COLUMNS =
      "id string, prompt string, colour1 string, shape1 string, relation string, colour2 string,"
          + " shape2 string";

  @TempDir Path temp;

  @Test
  void countsAndShows() throws IOException {
    Combination combination =
        new Combination(Colour.RED, Figure.STAR, Relation.BELOW, Colour.BLACK, Figure.CIRCLE);
    BufferedImage picture = new SceneMaker(new Random(1)).pair(combination).draw(64);
    TestOutput.write(
        temp.resolve("out"),
        COLUMNS,
        List.of(
            RowFactory.create(
                "a", "p", "red", "star", "below", "black", "circle", TestOutput.image(picture)),
            RowFactory.create(
                "b", "p", "red", "star", "above", "black", "square", TestOutput.image(picture))));
    Path sheet = temp.resolve("sheet.png");

    Ran ran = Ran.of(new TinyScenes(), temp.resolve("out").toString(), "--sheet", sheet.toString());

    assertThat(ran.code()).isZero();
    assertThat(ran.out())
        .isEqualTo(
            "{\"pictures\":2,\"present\":1.0,\"placed\":0.5,\"shaped\":0.75,\"alone\":1.0,\"right\":0.5}");
    BufferedImage drawn = ImageIO.read(sheet.toFile());
    assertThat(drawn.getWidth()).isEqualTo(2 * 70);
    assertThat(drawn.getRGB(0, 0)).isNotEqualTo(0xFFFF0000);
    assertThat(drawn.getRGB(70, 0)).isEqualTo(0xFFFF0000);
    assertThat(drawn.getRGB(3, 3)).isEqualTo(picture.getRGB(0, 0));
  }

  @Test
  void saysWhatColumnIsLacking() throws IOException {
    TestOutput.write(
        temp.resolve("out"),
        "id string, prompt string",
        List.of(RowFactory.create("a", "p", TestOutput.image(Pictures.white(64, 64)))));

    Ran ran = Ran.of(new TinyScenes(), temp.resolve("out").toString());

    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("row 'a': column 'colour1'").contains("heldout.jsonl");
    assertThat(Ran.of(new TinyScenes(), temp.resolve("none").toString()).err())
        .contains("has no folder data");
  }
}
