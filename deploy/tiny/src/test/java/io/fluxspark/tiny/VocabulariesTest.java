package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.ClipTokenizer;
import io.fluxspark.text.T5Config;
import io.fluxspark.text.T5Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class VocabulariesTest {
  private static final Path MODEL = Path.of("model");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static List<JsonNode> cases() throws IOException {
    List<JsonNode> cases = new ArrayList<>();
    JSON.readTree(VocabulariesTest.class.getResourceAsStream("tokens.json")).forEach(cases::add);
    return cases;
  }

  private static long[] padded(JsonNode ids, int length, long pad) {
    long[] row = new long[length];
    Arrays.fill(row, pad);
    for (int i = 0; i < ids.size(); i++) {
      row[i] = ids.get(i).asLong();
    }
    return row;
  }

  @Test
  void clipsIdsAreThoseOfTransformers() throws IOException {
    ClipConfig config = ClipConfig.read(MODEL.resolve("text_encoder"));
    assertThat(cases()).hasSize(200);
    try (ClipTokenizer tokenizer = ClipTokenizer.open(MODEL.resolve("tokenizer"))) {
      for (JsonNode text : cases()) {
        assertThat(tokenizer.encode(List.of(text.get("text").asText())).ids()[0])
            .as(text.get("text").asText())
            .isEqualTo(padded(text.get("clip"), tokenizer.length(), config.eosTokenId()));
      }
    }
    assertThat(config.eosTokenId()).isEqualTo(config.vocabSize() - 1);
  }

  @Test
  void t5sIdsAreThoseOfTransformers() throws IOException {
    try (T5Tokenizer tokenizer = T5Tokenizer.open(MODEL.resolve("tokenizer_2"))) {
      for (JsonNode text : cases()) {
        assertThat(tokenizer.encode(List.of(text.get("text").asText()), 64).ids()[0])
            .as(text.get("text").asText())
            .isEqualTo(padded(text.get("t5"), 64, 0));
      }
    }
  }

  @Test
  void configurationsHaveTheVocabulariesSizes() throws IOException {
    JsonNode clip = JSON.readTree(MODEL.resolve("tokenizer/vocab.json").toFile());
    JsonNode t5 = JSON.readTree(MODEL.resolve("tokenizer_2/tokenizer.json").toFile());

    assertThat(clip).hasSize(ClipConfig.read(MODEL.resolve("text_encoder")).vocabSize());
    assertThat(t5.at("/model/vocab"))
        .hasSize(T5Config.read(MODEL.resolve("text_encoder_2")).vocabSize());
  }

  @Test
  void everyWordOfACaptionIsOneTokenOfT5() {
    try (T5Tokenizer tokenizer = T5Tokenizer.open(MODEL.resolve("tokenizer_2"))) {
      for (String phrase : Emoji.phrases().values()) {
        assertThat(tokenizer.encode(List.of(phrase), 64).ids()[0][phrase.split(" ").length])
            .as(phrase)
            .isEqualTo(1);
      }
    }
  }
}
