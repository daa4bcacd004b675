package io.fluxspark.tiny;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** Many pictures in one, to be looked at. */
final class ContactSheet {
  /**
   * @param pictures side by side
   * @param isRight those that are not have a red frame
   */
  record Cell(List<BufferedImage> pictures, boolean isRight) {}

  private static final int SIDE = 64;
  private static final int FRAME = 3;
  private static final int WIDTH = 1400;

  private ContactSheet() {}

  /**
   * Draws the cells row by row; all have as many pictures as the first.
   *
   * @throws IllegalArgumentException when there is none
   */
  static BufferedImage draw(List<Cell> cells) {
    if (cells.isEmpty()) {
      throw new IllegalArgumentException("a contact sheet of nothing");
    }
    int cellWidth = SIDE * cells.get(0).pictures().size() + 2 * FRAME;
    int cellHeight = SIDE + 2 * FRAME;
    int columns = Math.min(WIDTH / cellWidth, cells.size());
    int rows = (cells.size() + columns - 1) / columns;
    BufferedImage sheet = Pictures.white(columns * cellWidth, rows * cellHeight);
    Graphics2D graphics = sheet.createGraphics();
    for (int i = 0; i < cells.size(); i++) {
      int left = i % columns * cellWidth;
      int top = i / columns * cellHeight;
      graphics.setColor(cells.get(i).isRight() ? Color.LIGHT_GRAY : Color.RED);
      graphics.fillRect(left, top, cellWidth, cellHeight);
      int x = left + FRAME;
      for (BufferedImage picture : cells.get(i).pictures()) {
        graphics.drawImage(picture, x, top + FRAME, SIDE, SIDE, null);
        x += SIDE;
      }
    }
    graphics.dispose();
    return sheet;
  }
}
