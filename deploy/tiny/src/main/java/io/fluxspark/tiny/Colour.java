package io.fluxspark.tiny;

import java.awt.Color;

/** The colours of scenes, far apart from each other and from white. */
enum Colour {
  RED(220, 20, 30),
  ORANGE(255, 130, 0),
  YELLOW(255, 225, 0),
  GREEN(0, 150, 60),
  BLUE(30, 70, 230),
  PURPLE(130, 30, 160),
  PINK(255, 105, 180),
  BLACK(0, 0, 0);

  private final Color rgb;

  Colour(int red, int green, int blue) {
    this.rgb = new Color(red, green, blue);
  }

  Color rgb() {
    return rgb;
  }
}
