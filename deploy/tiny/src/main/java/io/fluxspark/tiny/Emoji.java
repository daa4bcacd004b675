package io.fluxspark.tiny;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An emoji that is trained.
 *
 * @param name its short name in emoji-datasource
 * @param phrase what it shows, with its article
 * @param file of its picture, in the package
 */
record Emoji(String name, String phrase, Path file) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String PICTURES = "img/twitter/64";

  /** Names and phrases that are trained, the best known first. */
  static Map<String, String> phrases() {
    Map<String, String> phrases = new LinkedHashMap<>();
    try (InputStream in = Emoji.class.getResourceAsStream("emoji.txt")) {
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.split("\t"))
          .forEach(parts -> phrases.put(parts[0], parts[1]));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return phrases;
  }

  /**
   * Finds pictures in an unpacked emoji-datasource-twitter.
   *
   * @param count at most so many, of the best known
   * @throws FluxSparkException {@code INVALID_TABLE} where the package lacks one
   */
  static List<Emoji> find(Path folder, int count) {
    Path names = folder.resolve("emoji.json");
    Map<String, String> images = new LinkedHashMap<>();
    try {
      for (JsonNode entry : MAPPER.readTree(names.toFile())) {
        images.put(entry.path("short_name").asText(), entry.path("image").asText());
      }
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_TABLE,
          names + ": cannot be read; the folder of an unpacked emoji-datasource-twitter is needed",
          e);
    }
    List<Emoji> found = new ArrayList<>();
    for (Map.Entry<String, String> entry : phrases().entrySet()) {
      if (found.size() == count) {
        break;
      }
      String image = images.get(entry.getKey());
      if (image == null) {
        throw new FluxSparkException(
            ErrorCode.INVALID_TABLE,
            names + ": has no emoji '" + entry.getKey() + "'; version 16.0.0 has");
      }
      found.add(
          new Emoji(entry.getKey(), entry.getValue(), folder.resolve(PICTURES).resolve(image)));
    }
    return found;
  }

  /** Ways to ask for it, the phrase itself first. */
  List<String> captions() {
    List<String> captions =
        new ArrayList<>(
            List.of(
                phrase, "an emoji of " + phrase, "a picture of " + phrase, phrase + " on white"));
    String bare = Words.withoutArticle(phrase);
    if (!bare.equals(phrase)) {
      captions.add(bare);
    }
    return captions;
  }
}
