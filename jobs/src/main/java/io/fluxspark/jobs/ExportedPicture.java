package io.fluxspark.jobs;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A picture as an export has it.
 *
 * @param name of the picture file, {@code STEM.EXTENSION}; never from a prompt or an id
 * @param prompt as text; null for a picture of given embeddings
 * @param json all other columns
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ExportedPicture(String name, byte[] file, String prompt, String json) {
  /**
   * The files of the picture by their names: picture, {@code STEM.txt} where it has a prompt,
   * {@code STEM.json}.
   */
  Map<String, byte[]> files() {
    String stem = name.substring(0, name.lastIndexOf('.'));
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(name, file);
    if (prompt != null) {
      files.put(stem + ".txt", prompt.getBytes(StandardCharsets.UTF_8));
    }
    files.put(stem + ".json", json.getBytes(StandardCharsets.UTF_8));
    return files;
  }
}
