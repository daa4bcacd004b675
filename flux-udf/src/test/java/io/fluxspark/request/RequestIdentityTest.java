package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Outputs that users have name these hashes: a change of one makes every picture anew. */
class RequestIdentityTest {
  private static final RequestRules RULES = TestRules.of(RequestDefaults.dev(), 2048, 0);
  private static final PictureSettings SETTINGS = new PictureSettings("png", 95, "float32", "abc");

  @Test
  void anIdIsTheHashOfTheRowsContentAsJson() throws Exception {
    GenerationRequest request =
        RULES.read(Map.of("prompt", "a \"fox\" \u00e4", "height", 64.0, "guidance_scale", 0.1));
    String json =
        "{\"guidance_scale\":0.1000000000000000055511151231257827021181583404541015625,"
            + "\"height\":64,\"prompt\":\"a \\\"fox\\\" \u00e4\"}";
    assertThat(request.id()).isEqualTo(HexFormat.of().formatHex(sha256(json)));
    assertThat(request.id())
        .isEqualTo("3f381d198700072e9c657225f9393598fef9d1957ff023e48f56a856a69ed167");
  }

  @Test
  void aSeedIsTheFirst63BitsOfTheHashOfJobSeedAndId() throws Exception {
    GenerationRequest request = RULES.read(Map.of("id", "fox", "prompt", "a fox"));
    assertThat(request.seed())
        .isEqualTo(ByteBuffer.wrap(sha256("0\nfox")).getLong() >>> 1)
        .isEqualTo(4695839318181745743L);
    RequestRules other = TestRules.of(RequestDefaults.dev(), 2048, 1);
    assertThat(other.read(Map.of("id", "fox", "prompt", "a fox")).seed())
        .isNotEqualTo(request.seed());
    assertThat(other.read(Map.of("id", "fox", "prompt", "another")).seed())
        .isEqualTo(other.read(Map.of("id", "fox", "prompt", "a fox")).seed());
  }

  @Test
  void keysOfTwoPicturesArePinned() {
    GenerationRequest plain = RULES.read(Map.of("id", "fox", "prompt", "a fox"));
    assertThat(RequestIdentity.requestKey(plain, 0, SETTINGS))
        .isEqualTo("473926e9a11fe357e61aa12b486c85f7fbee6a332a678dd3d780ccbe86880864");
    GenerationRequest full =
        RULES.read(
            Map.of(
                "prompt",
                "a fox",
                "prompt_2",
                "b",
                "negative_prompt",
                "c",
                "true_cfg_scale",
                4,
                "seed",
                -5,
                "num_images_per_prompt",
                2,
                "guidance_scale",
                1.25));
    assertThat(RequestIdentity.requestKey(full, 1, SETTINGS))
        .isEqualTo("bbc9edeaeda5608cf74d70900f4b8d70084589e81994bf1d0c0db4ea22f01add");
  }

  @Test
  void everythingThatDecidesThePixelsIsInTheKey() {
    Map<String, Object> row = Map.of("id", "fox", "prompt", "a fox", "seed", 1);
    String key = RequestIdentity.requestKey(RULES.read(row), 0, SETTINGS);
    Map<String, Object> changes =
        Map.ofEntries(
            Map.entry("id", "other"),
            Map.entry("prompt", "other"),
            Map.entry("prompt_2", "other"),
            Map.entry("negative_prompt", ""),
            Map.entry("true_cfg_scale", 2),
            Map.entry("height", 512),
            Map.entry("width", 512),
            Map.entry("num_inference_steps", 4),
            Map.entry("guidance_scale", 3),
            Map.entry("seed", 2),
            Map.entry("max_sequence_length", 256));
    changes.forEach(
        (column, value) -> {
          Map<String, Object> changed = new java.util.HashMap<>(row);
          changed.put(column, value);
          assertThat(RequestIdentity.requestKey(RULES.read(changed), 0, SETTINGS))
              .as(column)
              .isNotEqualTo(key);
        });
    GenerationRequest request = RULES.read(row);
    assertThat(RequestIdentity.requestKey(request, 1, SETTINGS)).isNotEqualTo(key);
    for (PictureSettings settings :
        new PictureSettings[] {
          new PictureSettings("webp", 95, "float32", "abc"),
          new PictureSettings("png", 94, "float32", "abc"),
          new PictureSettings("png", 95, "bfloat16", "abc"),
          new PictureSettings("png", 95, "float32", "abd")
        }) {
      assertThat(RequestIdentity.requestKey(request, 0, settings)).isNotEqualTo(key);
    }
  }

  @Test
  void whatApproximatesIsInTheKeyWhereItCounts() {
    Map<String, Object> guided =
        Map.of(
            "id", "fox", "prompt", "a fox", "seed", 1, "negative_prompt", "", "true_cfg_scale", 2);
    String key = RequestIdentity.requestKey(RULES.read(guided), 0, SETTINGS);

    assertThat(keyOf(guided, "true_cfg_start", 0)).isEqualTo(key);
    assertThat(keyOf(guided, "true_cfg_stop", 1)).isEqualTo(key);
    assertThat(keyOf(guided, "true_cfg_start", 0.25))
        .isNotEqualTo(key)
        .isNotEqualTo(keyOf(guided, "true_cfg_start", 0.5))
        .isNotEqualTo(keyOf(guided, "true_cfg_stop", 0.25));
    Map<String, Object> unguided = Map.of("id", "fox", "prompt", "a fox", "seed", 1);
    assertThat(keyOf(unguided, "true_cfg_start", 0.25))
        .isEqualTo(RequestIdentity.requestKey(RULES.read(unguided), 0, SETTINGS))
        .isEqualTo(keyOf(unguided, "first_block_cache_threshold", 0))
        .isNotEqualTo(keyOf(unguided, "first_block_cache_threshold", 0.1));
  }

  private static String keyOf(Map<String, Object> row, String column, Object value) {
    Map<String, Object> changed = new java.util.HashMap<>(row);
    changed.put(column, value);
    return RequestIdentity.requestKey(RULES.read(changed), 0, SETTINGS);
  }

  @Test
  void theNumberOfPicturesOfARowIsNotInTheKey() {
    GenerationRequest two =
        RULES.read(Map.of("id", "a", "prompt", "a", "num_images_per_prompt", 2));
    GenerationRequest three =
        RULES.read(Map.of("id", "a", "prompt", "a", "num_images_per_prompt", 3));
    assertThat(RequestIdentity.requestKey(two, 1, SETTINGS))
        .isEqualTo(RequestIdentity.requestKey(three, 1, SETTINGS));
  }

  private static byte[] sha256(String text) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
  }
}
