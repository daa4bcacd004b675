package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class CombinationTest {
  private static final Combination ONE =
      new Combination(Colour.ORANGE, Figure.CIRCLE, Relation.ABOVE, Colour.BLUE, Figure.SQUARE);

  @Test
  void saysWhatItIs() {
    assertThat(ONE.caption()).isEqualTo("an orange circle above a blue square");
    assertThat(ONE.mirrored().caption()).isEqualTo("a blue square below an orange circle");
    assertThat(ONE.mirrored().mirrored()).isEqualTo(ONE);
  }

  @Test
  void holdsOutATenthWithItsMirrorPictures() {
    List<Combination> all = Combination.all();
    List<Combination> heldOut = all.stream().filter(Combination::isHeldOut).toList();

    assertThat(all).hasSize(8 * 4 * 4 * 7 * 4).doesNotHaveDuplicates();
    assertThat(heldOut).hasSizeBetween(all.size() / 11, all.size() / 9);
    assertThat(heldOut).allMatch(combination -> combination.mirrored().isHeldOut());
    assertThat(heldOut).extracting(Combination::colour1).contains(Colour.values());
    assertThat(heldOut).extracting(Combination::shape1).contains(Figure.values());
    assertThat(heldOut).extracting(Combination::relation).contains(Relation.values());
  }

  @Test
  void refusesTwoObjectsOfOneColour() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new Combination(Colour.RED, Figure.STAR, Relation.LEFT, Colour.RED, Figure.SQUARE))
        .withMessageContaining("red");
  }

  @Test
  void coloursAreFarApartAndFarFromWhite() {
    for (Colour a : Colour.values()) {
      assertThat(distance(a.rgb(), java.awt.Color.WHITE)).as(a.name()).isGreaterThan(150);
      for (Colour b : Colour.values()) {
        assertThat(a == b || distance(a.rgb(), b.rgb()) > 90).as(a + " and " + b).isTrue();
      }
    }
  }

  private static double distance(java.awt.Color a, java.awt.Color b) {
    return Math.hypot(
        Math.hypot(a.getRed() - b.getRed(), a.getGreen() - b.getGreen()),
        a.getBlue() - b.getBlue());
  }
}
