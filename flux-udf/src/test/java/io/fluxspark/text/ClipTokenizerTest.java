package io.fluxspark.text;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClipTokenizerTest {
  private static final long START = 49406;
  private static final long END = 49407;

  @TempDir Path temp;

  @Test
  void givesTheIdsOfEveryGoldenText() {
    JsonNode cases = Golden.json("clip-vocab/cases.json");
    assertThat(cases).hasSize(126);
    try (ClipTokenizer tokenizer = ClipTokenizer.open(Golden.path("clip-vocab"))) {
      for (JsonNode golden : cases) {
        String text = golden.get("text").asText();
        long[] ids =
            StreamSupport.stream(golden.get("ids").spliterator(), false)
                .mapToLong(JsonNode::asLong)
                .toArray();

        assertThat(tokenizer.encode(List.of(text)).ids()[0]).as(text).isEqualTo(ids);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"dev,one", "dev,two", "dev,true_cfg", "schnell,one"})
  void givesTheIdsOfGoldenCases(String model, String name) {
    String folder = model + "/cases/" + name;

    try (ClipTokenizer tokenizer = ClipTokenizer.open(Golden.path(model + "/tokenizer"))) {
      assertThat(tokenizer.encode(Prompts.of(folder, "prompt")).ids())
          .isDeepEqualTo(Golden.longs(folder, "clip_input_ids"));
    }
  }

  @Test
  void cutsLongTextsAndKeepsTheEnd() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(Golden.path("clip-vocab"))) {
      long[] ids = tokenizer.encode(List.of("a house by the sea ".repeat(2000))).ids()[0];

      assertThat(ids).hasSize(77).startsWith(START, 320).endsWith(END);
      assertThat(ids[75]).isNotEqualTo(END);
    }
  }

  @Test
  void takesAnyText() {
    List<String> texts =
        List.of(
            "", "\u0000\u0007\u007f", "\ud83d", "\udc00\ud800 half", "e\u0301 = \u00e9", "🏳️‍🌈");
    try (ClipTokenizer tokenizer = ClipTokenizer.open(Golden.path("clip-vocab"))) {
      long[][] ids = tokenizer.encode(texts).ids();

      assertThat(ids[0]).containsOnly(START, END).startsWith(START, END);
      assertThat(tokenizer.encode(List.of("e\u0301")).ids()[0])
          .isEqualTo(tokenizer.encode(List.of("\u00e9")).ids()[0]);
      assertThat(ids).hasDimensions(texts.size(), 77);
    }
  }

  @Test
  void readsTokenizerJsonWhereThereIsOne() throws IOException {
    Path folder = Golden.path("dev/tokenizer");
    for (String name : List.of("tokenizer_config.json", "special_tokens_map.json")) {
      Files.copy(folder.resolve(name), temp.resolve(name));
    }
    Files.writeString(
        temp.resolve("tokenizer.json"),
        ClipTokenizerJson.build(folder, SpecialTokens.read(folder)).toString());
    List<String> texts = List.of("a red circle", "日本語");

    try (ClipTokenizer built = ClipTokenizer.open(folder);
        ClipTokenizer ready = ClipTokenizer.open(temp)) {
      assertThat(ready.encode(texts).ids()).isDeepEqualTo(built.encode(texts).ids());
    }
  }

  @Test
  void followsTheFoldersLengthAndPadding() {
    copyTokenizer();
    Golden.change("dev/tokenizer/tokenizer_config.json", temp, "model_max_length", "5");
    Golden.change("dev/tokenizer/special_tokens_map.json", temp, "pad_token", "\"!\"");

    try (ClipTokenizer tokenizer = ClipTokenizer.open(temp)) {
      assertThat(tokenizer.encode(List.of("")).ids()[0]).containsExactly(1101, 1102, 0, 0, 0);
    }
  }

  @Test
  void isSafeForSeveralThreads() {
    List<String> texts = new ArrayList<>();
    Golden.json("clip-vocab/cases.json").forEach(golden -> texts.add(golden.get("text").asText()));
    try (ClipTokenizer tokenizer = ClipTokenizer.open(Golden.path("clip-vocab"))) {
      long[][] alone = tokenizer.encode(texts).ids();

      assertThat(Collections.nCopies(16, texts).parallelStream().map(tokenizer::encode).toList())
          .allSatisfy(together -> assertThat(together.ids()).isDeepEqualTo(alone));
    }
  }

  @Test
  void refusesDamagedFolders() throws IOException {
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipTokenizer.open(temp))
        .isEqualTo(
            temp
                + ": vocab.json is not there, and neither is tokenizer.json; tokenizer.json, or vocab.json and merges.txt, is wanted");

    copyTokenizer();
    Files.writeString(temp.resolve("merges.txt"), "#version: 0.2\na b\na b c\n");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipTokenizer.open(temp))
        .endsWith("merges.txt: line 3 is 'a b c'; two tokens with a space between are wanted");

    Files.writeString(temp.resolve("merges.txt"), "nowhere here\n");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipTokenizer.open(temp))
        .contains("no tokenizer can be made of it");

    Golden.change("dev/tokenizer/vocab.json", temp, "<|endoftext|>", null);
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipTokenizer.open(temp))
        .endsWith("vocab.json: token '<|endoftext|>' is lacking");

    Golden.change("dev/tokenizer/tokenizer_config.json", temp, "model_max_length", "1e30");
    Golden.change("dev/tokenizer/vocab.json", temp, "unused", null);
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipTokenizer.open(temp))
        .endsWith("key 'model_max_length' is 1.0E30; a whole number from 2 to 100000 is wanted");
  }

  private void copyTokenizer() {
    Golden.copy("dev/tokenizer", temp);
  }
}
