package io.fluxspark.tiny;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/** One or two objects in their places, and what is said of them. */
record Scene(String caption, List<Placed> objects) {
  /** The side of the square in which objects are placed. */
  static final int SIDE = 64;

  /**
   * @param x of the middle of its bounding box, from the left
   * @param y from the top
   */
  record Placed(SceneObject object, double x, double y, double radius) {
    Placed in(Colour colour) {
      return new Placed(new SceneObject(object.extent(), colour, object.figure()), x, y, radius);
    }

    Placed as(Figure figure) {
      return new Placed(new SceneObject(object.extent(), object.colour(), figure), x, y, radius);
    }
  }

  Scene {
    objects = List.copyOf(objects);
  }

  /** With one more object; of this and the next ones the caption stays as it is. */
  Scene and(Placed placed) {
    List<Placed> more = new ArrayList<>(objects);
    more.add(placed);
    return new Scene(caption, more);
  }

  Scene without(int index) {
    List<Placed> fewer = new ArrayList<>(objects);
    fewer.remove(index);
    return new Scene(caption, fewer);
  }

  Scene with(int index, Placed placed) {
    List<Placed> replaced = new ArrayList<>(objects);
    replaced.set(index, placed);
    return new Scene(caption, replaced);
  }

  /** The picture, on white, with smooth edges. */
  BufferedImage draw(int size) {
    BufferedImage picture = Pictures.white(size, size);
    Graphics2D graphics = picture.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.scale((double) size / SIDE, (double) size / SIDE);
    for (Placed placed : objects) {
      graphics.setColor(placed.object().colour().rgb());
      graphics.fill(placed.object().figure().outline(placed.x(), placed.y(), placed.radius()));
    }
    graphics.dispose();
    return picture;
  }
}
