package io.fluxspark.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.weights.JsonFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code special_tokens_map.json} and {@code tokenizer_config.json} say of the special tokens;
 * either may be missing.
 */
final class SpecialTokens {
  private static final List<String> ROLES =
      List.of("bos_token", "eos_token", "unk_token", "pad_token");

  private final ObjectNode map;
  private final ObjectNode config;

  private SpecialTokens(ObjectNode map, ObjectNode config) {
    this.map = map;
    this.config = config;
  }

  static SpecialTokens read(Path folder) {
    return new SpecialTokens(
        readIfThere(folder.resolve("special_tokens_map.json")),
        readIfThere(folder.resolve("tokenizer_config.json")));
  }

  private static ObjectNode readIfThere(Path file) {
    return Files.isRegularFile(file)
        ? JsonFiles.readObject(file)
        : JsonNodeFactory.instance.objectNode();
  }

  /** A special token's text by its role, {@code pad_token} and so on. */
  String content(String role, String missing) {
    String mapped = contentOf(map.path(role));
    return mapped.isEmpty() ? contentOrElse(config.path(role), missing) : mapped;
  }

  private static String contentOrElse(JsonNode token, String missing) {
    String content = contentOf(token);
    return content.isEmpty() ? missing : content;
  }

  private static String contentOf(JsonNode token) {
    return token.isObject()
        ? token.path("content").asText("")
        : token.isTextual() ? token.textValue() : "";
  }

  /**
   * An entry for {@code added_tokens} of a {@code tokenizer.json}, with the same matching as
   * transformers gives it: what {@code added_tokens_decoder} says, else what the map says. A token
   * that some role names by its text alone is matched in the text as it was written, before it is
   * normalized.
   */
  ObjectNode addedToken(String content, long id) {
    ObjectNode token = JsonNodeFactory.instance.objectNode();
    token.put("id", id).put("content", content);
    List<JsonNode> said = declarations(content);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      token.put(
          flag,
          !said.isEmpty() && said.stream().allMatch(entry -> entry.path(flag).asBoolean(false)));
    }
    return token.put("special", true);
  }

  private List<JsonNode> declarations(String content) {
    for (JsonNode entry : config.path("added_tokens_decoder")) {
      if (contentOf(entry).equals(content)) {
        return List.of(entry);
      }
    }
    return ROLES.stream().map(map::path).filter(entry -> contentOf(entry).equals(content)).toList();
  }

  /**
   * The longest sequence, {@code model_max_length}.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when it is no number from 2 to 100,000
   */
  int modelMaxLength(Path folder, int missing) {
    JsonNode length = config.path("model_max_length");
    if (length.isMissingNode() || length.isNull()) {
      return missing;
    }
    if (!length.isIntegralNumber()
        || !length.canConvertToInt()
        || length.intValue() < 2
        || length.intValue() > 100_000) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          folder.resolve("tokenizer_config.json")
              + ": key 'model_max_length' is "
              + JsonFiles.kindOf(length)
              + "; a whole number from 2 to 100000 is wanted");
    }
    return length.intValue();
  }

  /** Another setting of {@code tokenizer_config.json}. */
  int number(String key, int missing) {
    return config.path(key).asInt(missing);
  }
}
