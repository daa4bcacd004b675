package io.fluxspark.tiny;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Tables of this module: one JSON object a line. */
final class JsonLines {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonLines() {}

  static List<JsonNode> read(Path file) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      rows.add(MAPPER.readTree(line));
    }
    return rows;
  }

  static void write(Path file, List<Map<String, Object>> rows) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (Map<String, Object> row : rows) {
        out.write(MAPPER.writeValueAsString(row));
        out.write('\n');
      }
    }
  }

  /**
   * The rows of what TinyData made that have an emoji with its plain caption.
   *
   * @throws FluxSparkException {@code INVALID_TABLE} where there are fewer than needed
   */
  static List<JsonNode> emoji(Path data, int least) throws IOException {
    List<JsonNode> emoji =
        read(data.resolve(TinyData.TRAIN)).stream()
            .filter(row -> row.path("kind").asText().equals("emoji"))
            .filter(row -> row.path("id").asText().endsWith("-0"))
            .toList();
    if (emoji.size() < least) {
      throw new FluxSparkException(
          ErrorCode.INVALID_TABLE,
          data + ": has " + emoji.size() + " emoji; at least " + least + " are needed");
    }
    return emoji;
  }
}
