package io.fluxspark.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.weights.JsonFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a tokenizer folder. */
public final class TokenizerFiles {
  static final String TOKENIZER_JSON = "tokenizer.json";
  static final String VOCAB = "vocab.json";
  static final String MERGES = "merges.txt";
  static final String SENTENCE_PIECE = "spiece.model";

  /** What a tokenizer is made of, CLIP's and T5's; not all are there. */
  public static final List<String> ALL_NAMES =
      List.of(
          TOKENIZER_JSON,
          "tokenizer_config.json",
          "special_tokens_map.json",
          VOCAB,
          MERGES,
          SENTENCE_PIECE);

  private TokenizerFiles() {}

  /**
   * Refuses a folder that has no tokenizer for CLIP.
   *
   * @return the folder
   */
  public static Path requireClip(Path folder) {
    return requireAll(folder, List.of(VOCAB, MERGES));
  }

  /**
   * Refuses a folder that has no tokenizer for T5.
   *
   * @return the folder
   */
  public static Path requireT5(Path folder) {
    return requireAll(folder, List.of(SENTENCE_PIECE));
  }

  private static Path requireAll(Path folder, List<String> names) {
    if (hasTokenizerJson(folder)) {
      return folder;
    }
    for (String name : names) {
      if (!Files.isRegularFile(folder.resolve(name))) {
        throw new FluxSparkException(
            ErrorCode.INVALID_MODEL,
            folder
                + ": "
                + name
                + " is not there, and neither is "
                + TOKENIZER_JSON
                + "; "
                + TOKENIZER_JSON
                + ", or "
                + String.join(" and ", names)
                + ", is wanted");
      }
    }
    return folder;
  }

  static boolean hasTokenizerJson(Path folder) {
    return Files.isRegularFile(folder.resolve(TOKENIZER_JSON));
  }

  /** The id of a token in a {@code tokenizer.json}. */
  static long idOf(Path file, ObjectNode tokenizer, String content) {
    for (JsonNode added : tokenizer.path("added_tokens")) {
      if (added.path("content").asText().equals(content)) {
        return added.path("id").asLong();
      }
    }
    JsonNode vocab = tokenizer.path("model").path("vocab");
    if (vocab.path(content).isIntegralNumber()) {
      return vocab.path(content).asLong();
    }
    for (int id = 0; id < vocab.size() && vocab.isArray(); id++) {
      if (vocab.path(id).path(0).asText().equals(content)) {
        return id;
      }
    }
    throw new FluxSparkException(
        ErrorCode.INVALID_MODEL, file + ": token " + JsonFiles.quoted(content) + " is lacking");
  }
}
