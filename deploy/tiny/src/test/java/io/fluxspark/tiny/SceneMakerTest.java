package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SceneMakerTest {
  private static final Rectangle2D CANVAS = new Rectangle2D.Double(0, 0, Scene.SIDE, Scene.SIDE);

  private final SceneMaker maker = new SceneMaker(new Random(7));

  private static Rectangle2D box(Scene.Placed placed) {
    return placed.object().figure().outline(placed.x(), placed.y(), placed.radius()).getBounds2D();
  }

  @Test
  void objectsAreWholeAndApart() {
    for (Combination combination : Combination.all()) {
      List<Scene.Placed> objects = maker.pair(combination).objects();
      assertThat(objects).hasSize(2).allMatch(object -> CANVAS.contains(box(object)));
      assertThat(box(objects.get(0)).intersects(box(objects.get(1)))).isFalse();
    }
    assertThat(Stream.generate(maker::single).limit(200))
        .allMatch(scene -> CANVAS.contains(box(scene.objects().get(0))));
  }

  @Test
  void figuresLieInTheMiddleOfTheirPlace() {
    for (Figure figure : Figure.values()) {
      Rectangle2D box = figure.outline(10, 20, 5).getBounds2D();
      assertThat(box.getCenterX()).as(figure.name()).isEqualTo(10, within());
      assertThat(box.getCenterY()).as(figure.name()).isEqualTo(20, within());
      assertThat(Math.max(box.getWidth(), box.getHeight()) / 2)
          .as(figure.name())
          .isBetween(4.0, 5 * Figure.REACH);
    }
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-9);
  }

  @Test
  void captionsNameWhatIsThere() {
    Combination combination =
        new Combination(Colour.RED, Figure.STAR, Relation.RIGHT, Colour.PINK, Figure.SQUARE);
    assertThat(Stream.generate(() -> maker.pair(combination).caption()).limit(300).distinct())
        .contains(
            "a red star right of a pink square",
            "a large red star to the right of a small pink square",
            "red star right of a pink square")
        .allMatch(
            caption ->
                caption.matches(
                    "(a picture of )?(a )?((small|large) )?red star (to the )?right of a"
                        + " ((small|large) )?pink square( on white)?"));
  }

  @Test
  void drawsInTheExactColourOnWhite() {
    Scene scene =
        new Scene(
            "a green circle",
            List.of(
                new Scene.Placed(
                    new SceneObject(Extent.MEDIUM, Colour.GREEN, Figure.CIRCLE), 20, 40, 8)));
    for (int size : new int[] {64, 128}) {
      BufferedImage picture = scene.draw(size);

      assertThat(picture.getWidth()).isEqualTo(size);
      assertThat(picture.getRGB(size * 20 / 64, size * 40 / 64))
          .isEqualTo(Colour.GREEN.rgb().getRGB());
      assertThat(picture.getRGB(size * 20 / 64, size * 20 / 64)).isEqualTo(0xFFFFFFFF);
    }
  }
}
