package io.fluxspark.tiny;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Edits that any picture can have. */
final class EmojiEdits {
  /** Black is missing: of a shaded picture it would leave nothing to be recognised. */
  private static final List<Colour> TINTS =
      Arrays.stream(Colour.values()).filter(colour -> colour != Colour.BLACK).toList();

  private EmojiEdits() {}

  /** Mirrored, and in each colour. */
  static List<Edit> of(BufferedImage picture) {
    List<Edit> edits = new ArrayList<>();
    edits.add(mirrored(picture));
    for (Colour tint : TINTS) {
      List<BufferedImage> wrong = new ArrayList<>(List.of(picture));
      for (Colour other : TINTS) {
        if (other != tint) {
          wrong.add(tinted(picture, other));
        }
      }
      edits.add(
          new Edit(Edit.Kind.RECOLOUR, makeIt("it", tint), picture, tinted(picture, tint), wrong));
    }
    return edits;
  }

  static Edit mirrored(BufferedImage picture) {
    return new Edit(
        Edit.Kind.MIRROR, "mirror it", picture, Pictures.mirrored(picture), List.of(picture));
  }

  static String makeIt(String what, Colour colour) {
    return "make " + what + " " + Words.of(colour);
  }

  /** Paints what is not white, the more the farther it is from white; shades stay. */
  private static BufferedImage tinted(BufferedImage picture, Colour tint) {
    float[] to = tint.rgb().getRGBColorComponents(null);
    BufferedImage tinted = Pictures.white(picture.getWidth(), picture.getHeight());
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        float[] rgb = new Color(picture.getRGB(x, y)).getRGBColorComponents(null);
        float value = Math.max(rgb[0], Math.max(rgb[1], rgb[2]));
        float share = 1 - Math.min(rgb[0], Math.min(rgb[1], rgb[2]));
        for (int channel = 0; channel < rgb.length; channel++) {
          rgb[channel] = value * (1 - share + share * to[channel]);
        }
        tinted.setRGB(x, y, new Color(rgb[0], rgb[1], rgb[2]).getRGB());
      }
    }
    return tinted;
  }
}
