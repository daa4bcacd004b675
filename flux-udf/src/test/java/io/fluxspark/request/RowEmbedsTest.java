package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Embeddings of rows, for a model that takes vectors of 4 and of 3 numbers. */
class RowEmbedsTest {
  private static final RequestRules RULES = TestRules.of(RequestDefaults.dev(), 2048, 0);
  private static final PictureSettings SETTINGS = new PictureSettings("png", 95, "float32", "abc");
  private static final List<List<Double>> TWO =
      List.of(List.of(0.1, 1.0, 2.0, 3.0), List.of(-4.0, 5.5, 6.0, 7.0));
  private static final List<Double> POOLED = List.of(0.5, -0.25, 1e-3);

  @Test
  void theyTakeThePlaceOfTheTexts() {
    GenerationRequest request = RULES.read(row(TWO, POOLED));

    assertThat(request.prompt()).isEmpty();
    assertThat(request.prompt2()).isEmpty();
    assertThat(request.maxSequenceLength()).isEqualTo(2);
    PromptEmbeds embeds = request.promptEmbeds().orElseThrow();
    assertThat(embeds.prompt()).isEqualTo(bytes(0.1f, 1, 2, 3, -4, 5.5f, 6, 7));
    assertThat(embeds.pooled()).isEqualTo(bytes(0.5f, -0.25f, 1e-3f));
    assertThat(embeds.promptSha256()).isEqualTo(CanonicalJson.sha256(embeds.prompt()));
    assertThat(embeds.pooledSha256()).isEqualTo(CanonicalJson.sha256(embeds.pooled()));
    float[] numbers = new float[3];
    PromptEmbeds.numbers(embeds.pooled()).get(numbers);
    assertThat(numbers).containsExactly(0.5f, -0.25f, 1e-3f);
  }

  @Test
  void numbersOfEveryTypeAndBytesAreTheSameEmbeddings() {
    String key = key(row(TWO, POOLED));
    List<?> floats =
        List.of(
            List.of(0.1f, 1, 2L, new BigDecimal("3.0")), Arrays.asList(-4f, 5.5f, (short) 6, 7f));

    assertThat(key(row(floats, List.of(0.5f, -0.25f, 1e-3f)))).isEqualTo(key);
    assertThat(key(row(bytes(0.1f, 1, 2, 3, -4, 5.5f, 6, 7), bytes(0.5f, -0.25f, 1e-3f))))
        .isEqualTo(key);
  }

  @Test
  void otherEmbeddingsAreOtherRequests() {
    List<String> keys =
        List.of(
                row(TWO, POOLED),
                row(TWO.subList(0, 1), POOLED),
                row(List.of(TWO.get(1), TWO.get(0)), POOLED),
                row(TWO, List.of(0.5, -0.25, 2e-3)))
            .stream()
            .map(RowEmbedsTest::key)
            .toList();

    assertThat(keys).doesNotHaveDuplicates();
  }

  /** Outputs that users have name these hashes: a change of one makes every picture anew. */
  @Test
  void idAndKeyArePinned() {
    Map<String, Object> row = row(TWO, POOLED);
    row.remove("id");
    GenerationRequest request = RULES.read(row);
    PromptEmbeds embeds = request.promptEmbeds().orElseThrow();
    String json =
        "{\"pooled_prompt_embeds\":\"3:"
            + embeds.pooledSha256()
            + "\",\"prompt_embeds\":\"2x4:"
            + embeds.promptSha256()
            + "\"}";

    assertThat(request.id()).isEqualTo(HexFormat.of().formatHex(CanonicalJson.sha256(json)));
    assertThat(request.id())
        .isEqualTo("23c12ee9fd65d82dc35d9f5b17d86d489ced76554980198045215288ce2cfa1b");
    assertThat(key(row(TWO, POOLED)))
        .isEqualTo("dd73b46ca25e9ffd4561229f9e4cdfd0dffa0522746fbdcb21bdd17c7478716d");
  }

  @Test
  void defaultsOfTheJobThatConcernTextsDoNotCount() {
    RequestDefaults texts =
        RequestDefaults.dev()
            .with(
                Map.of("prompt_2", "b", "max_sequence_length", 77, "negative_prompt", "rain"),
                new RequestLimits(2048));
    GenerationRequest request = TestRules.of(texts, 2048, 0).read(row(TWO, POOLED));

    assertThat(request.prompt2()).isEmpty();
    assertThat(request.maxSequenceLength()).isEqualTo(2);
    assertThat(request.negativePrompt()).contains("rain");
  }

  @Test
  void theRowsOwnLengthMayOnlySayTheSame() {
    assertThat(RULES.read(row(TWO, POOLED, "max_sequence_length", "2")).maxSequenceLength())
        .isEqualTo(2);
    assertRefused(
        row(TWO, POOLED, "max_sequence_length", 64),
        "max_sequence_length: is 64 beside prompt_embeds of 2 vectors, which count; null is"
            + " needed");
    assertRefused(
        row(TWO, POOLED, "max_sequence_length", 0),
        "max_sequence_length: 0; a whole number from 1 to 512 is needed");
  }

  @Test
  void whatIsWrongIsNamed() {
    assertRefused(
        row(TWO, null), "pooled_prompt_embeds: is null; prompt_embeds needs it beside it");
    assertRefused(
        row(null, POOLED), "prompt_embeds: is null; pooled_prompt_embeds needs it beside it");
    assertRefused(
        row(TWO, POOLED, "prompt", "a fox"),
        "prompt: is given beside embeddings, which take its place; one of them is needed");
    assertRefused(
        row(TWO, POOLED, "prompt_2", "a fox"),
        "prompt_2: is given beside embeddings, which take its place; one of them is needed");
    assertRefused(row(List.of(), POOLED), "prompt_embeds: has 0 vectors; 1 to 512 are needed");
    assertRefused(
        row(Collections.nCopies(513, TWO.get(0)), POOLED),
        "prompt_embeds: has 513 vectors; 1 to 512 are needed");
    assertRefused(
        row(List.of(TWO.get(0), List.of(1.0, 2.0, 3.0)), POOLED),
        "prompt_embeds: vector 2 of 2 has 3 numbers; 4, this model's joint_attention_dim, are"
            + " needed");
    assertRefused(
        row(TWO, List.of(1.0)),
        "pooled_prompt_embeds: has 1 numbers; 3, this model's pooled_projection_dim, are needed");
    assertRefused(
        row(List.of(TWO.get(0), List.of(1.0, Double.NaN, 2.0, 3.0)), POOLED),
        "prompt_embeds: number 2 of vector 2 is no finite float32");
    assertRefused(
        row(TWO, Arrays.asList(1.0, null, 2.0)),
        "pooled_prompt_embeds: number 2 of vector 1 is no finite float32");
    assertRefused(
        row(TWO, List.of(1.0, 2.0, 1e39)),
        "pooled_prompt_embeds: number 3 of vector 1 is no finite float32");
    assertRefused(
        row(Arrays.asList(TWO.get(0), null), POOLED),
        "prompt_embeds: vector 2 of 2 is no list of numbers");
    assertRefused(
        row("[[1]]", "[1]"),
        "prompt_embeds: is no list of lists of numbers, nor bytes of float32 numbers;"
            + " pooled_prompt_embeds: is no list of numbers, nor bytes of float32 numbers");
  }

  @Test
  void bytesThatDoNotFitAreNamed() {
    assertRefused(
        row(new byte[20], bytes(1, 2, 3)),
        "prompt_embeds: has 20 bytes; 16 a vector, of float32 numbers of which 4, this model's"
            + " joint_attention_dim, are needed");
    assertRefused(
        row(new byte[0], bytes(1, 2, 3)), "prompt_embeds: has 0 vectors; 1 to 512 are needed");
    assertRefused(
        row(new byte[16], bytes(1, 2)),
        "pooled_prompt_embeds: has 8 bytes; 12, of float32 numbers of which 3, this model's"
            + " pooled_projection_dim, are needed");
    assertRefused(
        row(bytes(1, 2, 3, 4, 5, Float.POSITIVE_INFINITY, 7, 8), bytes(1, 2, 3)),
        "prompt_embeds: number 2 of vector 2 is no finite float32");
  }

  private static void assertRefused(Map<String, ?> row, String message) {
    assertThatThrownBy(() -> RULES.read(row))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ROW))
        .hasMessage(message);
  }

  private static String key(Map<String, ?> row) {
    return RequestIdentity.requestKey(RULES.read(row), 0, SETTINGS);
  }

  private static Map<String, Object> row(Object prompt, Object pooled, Object... others) {
    Map<String, Object> row = new HashMap<>();
    row.put("id", "a");
    row.put("prompt_embeds", prompt);
    row.put("pooled_prompt_embeds", pooled);
    for (int i = 0; i < others.length; i += 2) {
      row.put((String) others[i], others[i + 1]);
    }
    return row;
  }

  private static byte[] bytes(float... numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float number : numbers) {
      bytes.putFloat(number);
    }
    return bytes.array();
  }
}
