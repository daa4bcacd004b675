package io.fluxspark.tiny;

/** How large an object is. */
enum Extent {
  SMALL(6.5),
  /** What an object is of which nothing is said. */
  MEDIUM(9.5),
  LARGE(13);

  private final double radius;

  Extent(double radius) {
    this.radius = radius;
  }

  /** In pixels of a picture of 64 x 64. */
  double radius() {
    return radius;
  }
}
