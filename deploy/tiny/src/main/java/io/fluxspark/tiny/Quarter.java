package io.fluxspark.tiny;

/** A quarter of a picture. */
record Quarter(boolean isLeft, boolean isTop) {
  /** The one on its left or right, or the one above or below. */
  Quarter beside(boolean isSideways) {
    return isSideways ? new Quarter(!isLeft, isTop) : new Quarter(isLeft, !isTop);
  }
}
