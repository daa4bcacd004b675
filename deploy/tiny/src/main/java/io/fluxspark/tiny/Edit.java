package io.fluxspark.tiny;

import java.awt.image.BufferedImage;
import java.util.List;

/**
 * A picture, what is to be done to it, and what comes out.
 *
 * @param instruction such as "make it blue"
 * @param wrong what else might come out: the picture as it was, and what similar instructions make
 */
record Edit(
    Kind kind,
    String instruction,
    BufferedImage before,
    BufferedImage after,
    List<BufferedImage> wrong) {
  /** What is done. */
  enum Kind {
    RECOLOUR,
    MIRROR,
    ADD,
    REMOVE
  }

  Edit {
    wrong = List.copyOf(wrong);
  }
}
