package io.fluxspark.tiny;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** What a scene of two objects shows; their colours differ. */
record Combination(
    Colour colour1, Figure shape1, Relation relation, Colour colour2, Figure shape2) {
  /** One combination of so many is held out. */
  private static final int HELD_OUT_OF = 10;

  Combination {
    if (colour1 == colour2) {
      throw new IllegalArgumentException("both objects are " + Words.of(colour1));
    }
  }

  /** All there are. */
  static List<Combination> all() {
    List<Combination> all = new ArrayList<>();
    for (Colour colour1 : Colour.values()) {
      for (Figure shape1 : Figure.values()) {
        for (Relation relation : Relation.values()) {
          for (Colour colour2 : Colour.values()) {
            for (Figure shape2 : Figure.values()) {
              if (colour1 != colour2) {
                all.add(new Combination(colour1, shape1, relation, colour2, shape2));
              }
            }
          }
        }
      }
    }
    return all;
  }

  /** The same picture told from the other object. */
  Combination mirrored() {
    return new Combination(colour2, shape2, relation.mirrored(), colour1, shape1);
  }

  /** Whether no picture of this is trained; what holds for it holds for the mirrored one. */
  boolean isHeldOut() {
    CRC32 hash = new CRC32();
    hash.update(
        (relation.isForward() ? this : mirrored()).caption().getBytes(StandardCharsets.UTF_8));
    return hash.getValue() % HELD_OUT_OF == 0;
  }

  /** Such as "a red circle left of a blue square". */
  String caption() {
    return Words.withArticle(object1(Extent.MEDIUM).phrase())
        + " "
        + relation.wordings().get(0)
        + " "
        + Words.withArticle(object2(Extent.MEDIUM).phrase());
  }

  SceneObject object1(Extent extent) {
    return new SceneObject(extent, colour1, shape1);
  }

  SceneObject object2(Extent extent) {
    return new SceneObject(extent, colour2, shape2);
  }
}
