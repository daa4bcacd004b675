package io.fluxspark.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import java.util.ArrayList;
import java.util.List;

/** The texts of golden cases. */
final class Prompts {
  private Prompts() {}

  /** One text a picture; {@code prompt_2} is {@code prompt} where a case has none. */
  static List<String> of(String caseName, String key) {
    JsonNode call = Golden.json(caseName + "/case.json");
    JsonNode prompts = call.path(key).isMissingNode() ? call.get("prompt") : call.get(key);
    List<String> texts = new ArrayList<>();
    if (prompts.isTextual()) {
      texts.add(prompts.asText());
    } else {
      prompts.forEach(prompt -> texts.add(prompt.asText()));
    }
    return texts;
  }
}
