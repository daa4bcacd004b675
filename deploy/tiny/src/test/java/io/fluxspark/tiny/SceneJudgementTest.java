package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class SceneJudgementTest {
  private static final double NOISE = 12;

  private final Random random = new Random(3);
  private final SceneMaker maker = new SceneMaker(random);

  private Map<String, Object> shares(UnaryOperator<BufferedImage> change) {
    List<SceneJudgement> judgements = new ArrayList<>();
    for (Combination combination :
        Combination.all().stream().filter(Combination::isHeldOut).toList()) {
      judgements.add(
          SceneJudgement.of(change.apply(maker.pair(combination).draw(64)), combination));
    }
    return TinyScenes.shares(judgements);
  }

  private static void assertAtLeast(double sides, double shapes, Map<String, Object> shares) {
    assertThat((double) shares.get("placed")).as("%s", shares).isGreaterThanOrEqualTo(sides);
    assertThat((double) shares.get("shaped")).as("%s", shares).isGreaterThanOrEqualTo(shapes);
    assertThat((double) shares.get("alone")).as("%s", shares).isGreaterThanOrEqualTo(shapes);
  }

  private static BufferedImage blurred(BufferedImage picture) {
    float[] kernel = {1, 2, 1, 2, 4, 2, 1, 2, 1};
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] /= 16;
    }
    return new ConvolveOp(new Kernel(3, 3, kernel), ConvolveOp.EDGE_NO_OP, null)
        .filter(picture, null);
  }

  private BufferedImage noisy(BufferedImage picture) {
    for (int i = 0; i < picture.getWidth() * picture.getHeight(); i++) {
      int x = i % picture.getWidth();
      int y = i / picture.getWidth();
      Color colour = new Color(picture.getRGB(x, y));
      picture.setRGB(
          x,
          y,
          new Color(off(colour.getRed()), off(colour.getGreen()), off(colour.getBlue())).getRGB());
    }
    return picture;
  }

  private int off(int value) {
    return (int) Math.min(Math.max(value + NOISE * random.nextGaussian(), 0), 255);
  }

  @Test
  void findsWhatWasDrawn() {
    assertAtLeast(0.995, 0.99, shares(picture -> picture));
  }

  @Test
  void findsItThroughABlur() {
    assertAtLeast(0.99, 0.99, shares(SceneJudgementTest::blurred));
  }

  @Test
  void findsItThroughBlurAndNoise() {
    assertAtLeast(0.99, 0.98, shares(picture -> noisy(blurred(picture))));
  }

  @Test
  void findsItInOtherSizes() {
    Combination combination = drawn();
    assertThat(SceneJudgement.of(maker.pair(combination).draw(128), combination).isRight())
        .isTrue();
  }

  @Test
  void whatHasNoneOfTheShapesHasNoShape() {
    BufferedImage picture = Pictures.white(64, 64);
    for (int i = 0; i < 300; i++) {
      picture.setRGB(10 + i % 30, 20 + i / 30, Colour.PINK.rgb().getRGB());
    }
    List<Blob> blobs = Blob.find(picture);

    assertThat(blobs).hasSize(1);
    assertThat(blobs.get(0).area()).isEqualTo(300);
    assertThat(blobs.get(0).x()).isEqualTo(25);
    assertThat(blobs.get(0).y()).isEqualTo(25);
    assertThat(blobs.get(0).figure()).isEmpty();
  }

  private static Combination drawn() {
    return new Combination(Colour.RED, Figure.CIRCLE, Relation.LEFT, Colour.BLUE, Figure.SQUARE);
  }

  @Test
  void seesWhatIsWrong() {
    BufferedImage picture = maker.pair(drawn()).draw(64);

    assertThat(SceneJudgement.of(picture, drawn()))
        .isEqualTo(new SceneJudgement(true, true, true, true, true));
    assertThat(SceneJudgement.of(picture, drawn().mirrored()).isRight()).isTrue();
    for (Relation relation : List.of(Relation.RIGHT, Relation.ABOVE, Relation.BELOW)) {
      assertThat(
              SceneJudgement.of(
                  picture,
                  new Combination(Colour.RED, Figure.CIRCLE, relation, Colour.BLUE, Figure.SQUARE)))
          .as(relation.name())
          .isEqualTo(new SceneJudgement(true, false, true, true, true));
    }
    assertThat(
            SceneJudgement.of(
                picture,
                new Combination(
                    Colour.RED, Figure.STAR, Relation.LEFT, Colour.BLUE, Figure.TRIANGLE)))
        .isEqualTo(new SceneJudgement(true, true, false, false, true));
    assertThat(
            SceneJudgement.of(
                picture,
                new Combination(
                    Colour.RED, Figure.CIRCLE, Relation.LEFT, Colour.PINK, Figure.SQUARE)))
        .isEqualTo(new SceneJudgement(false, false, true, false, false));
  }

  @Test
  void seesWhatShouldNotBeThere() {
    BufferedImage picture = maker.pair(drawn()).draw(64);
    for (int i = 0; i < 64; i++) {
      picture.setRGB(i % 8, i / 8, Colour.GREEN.rgb().getRGB());
    }

    assertThat(SceneJudgement.of(picture, drawn()))
        .isEqualTo(new SceneJudgement(true, true, true, true, false));
  }
}
