package io.fluxspark.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** A folder like an unpacked emoji-datasource-twitter, with discs for pictures. */
final class EmojiPackage {
  private EmojiPackage() {}

  static Color colour(int emoji) {
    return Color.getHSBColor(emoji * 0.3f, 0.8f, 0.8f);
  }

  /** Writes the first emoji. */
  static Path write(Path folder, int count) throws IOException {
    Path pictures = Files.createDirectories(folder.resolve("img/twitter/64"));
    List<Map<String, String>> entries = new ArrayList<>();
    for (String name : Emoji.phrases().keySet().stream().limit(count).toList()) {
      String image = entries.size() + ".png";
      BufferedImage picture = new BufferedImage(64, 64, BufferedImage.TYPE_INT_ARGB);
      Graphics2D graphics = picture.createGraphics();
      graphics.setColor(colour(entries.size()));
      graphics.fillOval(4, 4, 56, 56);
      graphics.dispose();
      ImageIO.write(picture, "png", pictures.resolve(image).toFile());
      entries.add(Map.of("short_name", name, "image", image));
    }
    new ObjectMapper().writeValue(folder.resolve("emoji.json").toFile(), entries);
    return folder;
  }
}
