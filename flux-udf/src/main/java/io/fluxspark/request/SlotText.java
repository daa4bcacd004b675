package io.fluxspark.request;

import java.util.Objects;

/**
 * One of a slot's texts.
 *
 * @param text may have slots itself
 * @param weight above 0; draws take the texts of a slot in proportion to their weights
 */
record SlotText(TemplateText text, double weight) {
  SlotText {
    Objects.requireNonNull(text, "text");
    if (!(weight > 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException("a weight of " + weight + " is not above 0 and finite");
    }
  }
}
