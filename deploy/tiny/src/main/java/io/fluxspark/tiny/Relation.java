package io.fluxspark.tiny;

import java.util.List;

/** Where the first object of a scene is, seen from the second. */
enum Relation {
  LEFT("left of", "to the left of"),
  RIGHT("right of", "to the right of"),
  ABOVE("above", "over"),
  BELOW("below", "under");

  private final List<String> wordings;

  Relation(String... wordings) {
    this.wordings = List.of(wordings);
  }

  /** Ways to say it, the plainest first. */
  List<String> wordings() {
    return wordings;
  }

  /** Where the second object is, seen from the first. */
  Relation mirrored() {
    return switch (this) {
      case LEFT -> RIGHT;
      case RIGHT -> LEFT;
      case ABOVE -> BELOW;
      case BELOW -> ABOVE;
    };
  }

  boolean isSideways() {
    return this == LEFT || this == RIGHT;
  }

  /** Whether the first object comes first on the way from left to right, or from top to bottom. */
  boolean isForward() {
    return this == LEFT || this == ABOVE;
  }
}
