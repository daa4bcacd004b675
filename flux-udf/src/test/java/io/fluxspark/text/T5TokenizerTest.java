package io.fluxspark.text;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class T5TokenizerTest {
  private static final List<String> TEXTS =
      List.of(
          "",
          "   ",
          "a red circle above the sea",
          "Hello  World\n\ttab",
          "日本語 photo 😀 café",
          "</s> <pad> <unk> end",
          "ﬁ ligature e\u0301 ½ ™",
          "ünïcödé ALL CAPS 3.14159",
          "\u0000\u0007 \ud83d half",
          "word ".repeat(500));

  @TempDir Path temp;

  @ParameterizedTest
  @CsvSource({"dev,one,64", "dev,two,32", "dev,true_cfg,32", "schnell,one,256"})
  void givesTheIdsOfGoldenCases(String model, String name, int length) {
    String folder = model + "/cases/" + name;

    try (T5Tokenizer tokenizer = T5Tokenizer.open(Golden.path(model + "/tokenizer_2"))) {
      assertThat(tokenizer.encode(Prompts.of(folder, "prompt_2"), length).ids())
          .isDeepEqualTo(Golden.longs(folder, "t5_input_ids"));
    }
  }

  @Test
  void cutsAndPadsToTheLengthOfTheCall() {
    try (T5Tokenizer tokenizer = T5Tokenizer.open(Golden.path("dev/tokenizer_2"))) {
      long[] ids = tokenizer.encode(List.of("a red circle"), 512).ids()[0];
      long[] cut = tokenizer.encode(List.of("a red circle"), 3).ids()[0];
      int whole = (int) Arrays.stream(ids).filter(id -> id != 0).count();
      assertThat(tokenizer.encode(List.of("a red circle", "a"), 3).cut())
          .containsExactly(whole - 3, 0);

      assertThat(ids).hasSize(512).startsWith(6, 32, 44, 1, 0, 0).endsWith(0);
      assertThat(cut).containsExactly(ids[0], ids[1], 1);
      assertThat(tokenizer.encode(List.of("a red circle"), 1).ids()[0]).containsExactly(1);
      assertThat(tokenizer.encode(List.of(""), 2).ids()[0]).containsExactly(1, 0);
      assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.encode(List.of(""), 0));
    }
  }

  @Test
  void readsTheSentencePieceModelWhereThereIsNoTokenizerJson() throws IOException {
    Path folder = Golden.path("dev/tokenizer_2");
    Golden.copy("dev/tokenizer_2", temp);
    Files.delete(temp.resolve("tokenizer.json"));

    try (T5Tokenizer ready = T5Tokenizer.open(folder);
        T5Tokenizer built = T5Tokenizer.open(temp)) {
      assertThat(built.encode(TEXTS, 128).ids()).isDeepEqualTo(ready.encode(TEXTS, 128).ids());
    }
  }

  @Test
  void refusesDamagedFolders() throws IOException {
    assertRefused(ErrorCode.INVALID_MODEL, () -> T5Tokenizer.open(temp))
        .contains("spiece.model is not there");

    Files.write(temp.resolve("spiece.model"), new byte[] {10, 100, 1});
    assertRefused(ErrorCode.INVALID_MODEL, () -> T5Tokenizer.open(temp))
        .endsWith("spiece.model: is damaged or no SentencePiece model");

    Files.writeString(
        temp.resolve("tokenizer.json"),
        "{\"added_tokens\": [{\"id\": 0, \"content\": \"<pad>\"}]}");
    assertRefused(ErrorCode.INVALID_MODEL, () -> T5Tokenizer.open(temp))
        .contains("tokenizer.json: no tokenizer can be made of it");

    Golden.change("dev/tokenizer_2/tokenizer.json", temp, "post_processor", null);
    assertRefused(ErrorCode.INVALID_MODEL, () -> T5Tokenizer.open(temp))
        .endsWith("its post_processor must put the end token behind every text");
  }
}
