package io.fluxspark.tiny;

/** A coloured shape, as a caption tells it. */
record SceneObject(Extent extent, Colour colour, Figure figure) {
  /** Such as "small red circle". */
  String phrase() {
    String plain = Words.of(colour) + " " + Words.of(figure);
    return extent == Extent.MEDIUM ? plain : Words.of(extent) + " " + plain;
  }
}
