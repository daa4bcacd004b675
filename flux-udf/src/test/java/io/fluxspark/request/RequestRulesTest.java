package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestRulesTest {
  private static final RequestRules RULES = TestRules.of(RequestDefaults.dev(), 2048, 0);

  @Test
  void defaultsFillWhatTheRowLeavesOut() {
    GenerationRequest request = RULES.read(Map.of("id", "a", "prompt", "a fox", "seed", 7));
    assertThat(request)
        .isEqualTo(
            new GenerationRequest(
                "a",
                Optional.of("a fox"),
                Optional.empty(),
                Optional.empty(),
                1.0,
                1024,
                1024,
                28,
                3.5,
                7,
                1,
                512,
                TestRules.noPictures(),
                List.of(),
                Optional.empty(),
                Approximations.NONE));
  }

  @Test
  void theRowsOwnValuesComeBeforeTheDefaults() {
    GenerationRequest request =
        RULES.read(
            row("prompt_2", "b", "negative_prompt", "", "true_cfg_scale", 2.5, "height", 16)
                .with("width", 2048)
                .with("num_inference_steps", 1000)
                .with("guidance_scale", 0)
                .with("seed", -1)
                .with("num_images_per_prompt", 3)
                .with("max_sequence_length", 1));
    assertThat(request.prompt2()).contains("b");
    assertThat(request.negativePrompt()).contains("");
    assertThat(request.doTrueCfg()).isTrue();
    assertThat(request.height()).isEqualTo(16);
    assertThat(request.width()).isEqualTo(2048);
    assertThat(request.numInferenceSteps()).isEqualTo(1000);
    assertThat(request.guidanceScale()).isZero();
    assertThat(request.seed()).isEqualTo(-1);
    assertThat(request.numImagesPerPrompt()).isEqualTo(3);
    assertThat(request.maxSequenceLength()).isEqualTo(1);
  }

  @Test
  void nullsAreLeftOutAndOtherColumnsIgnored() {
    GenerationRequest request = RULES.read(row("height", null).with("label", 5).with("seed", 1));
    assertThat(request.height()).isEqualTo(1024);
    assertThat(request.id()).isEqualTo(RULES.read(row("seed", 1L)).id());
  }

  @Test
  void anEmptyPromptIsAPromptAndAnEmptyPrompt2IsNone() {
    GenerationRequest request = RULES.read(Map.of("prompt", "", "prompt_2", ""));
    assertThat(request.prompt()).contains("");
    assertThat(request.prompt2()).isEmpty();
    assertThat(request.id()).isEqualTo(RULES.read(Map.of("prompt", "")).id());
  }

  @Test
  void numbersOfEveryTypeAreOneNumber() {
    for (Object seed :
        new Object[] {
          64,
          64L,
          (short) 64,
          (byte) 64,
          64.0,
          64.0f,
          "64",
          " 64 ",
          "64.0",
          "6.4e1",
          new BigDecimal("64.00"),
          BigInteger.valueOf(64)
        }) {
      GenerationRequest request = RULES.read(row("seed", seed).with("width", seed));
      assertThat(request.seed()).as("%s", seed.getClass()).isEqualTo(64);
      assertThat(request.width()).isEqualTo(64);
      assertThat(request.id()).isEqualTo(RULES.read(row("seed", 64).with("width", 64)).id());
    }
  }

  @Test
  void seedsKeepTheir64Bits() {
    assertThat(RULES.read(row("seed", "9223372036854775807")).seed()).isEqualTo(Long.MAX_VALUE);
    assertThat(RULES.read(row("seed", Long.MIN_VALUE)).seed()).isEqualTo(Long.MIN_VALUE);
    assertThat(RULES.read(row("seed", 9007199254740993L)).seed()).isEqualTo(9007199254740993L);
  }

  @Test
  void anIdIsAnyScalar() {
    assertThat(RULES.read(row("id", 5)).id()).isEqualTo("5");
    assertThat(RULES.read(row("id", true)).id()).isEqualTo("true");
    assertThat(RULES.read(row("id", LocalDate.of(2026, 1, 2))).id()).isEqualTo("2026-01-02");
    assertThat(RULES.read(row("id", Timestamp.from(Instant.EPOCH))).id())
        .isEqualTo("1970-01-01T00:00:00Z");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "height | 1000 | height: '1000'; not a multiple of 16, 992 and 1008 are",
        "height | 8 | height: '8'; not a multiple of 16, 16 is",
        "height | 0 | height: '0'; a positive multiple of 16 of at most 2048 is needed",
        "width | -16 | width: '-16'; a positive multiple of 16 of at most 2048 is needed",
        "width | 64.5 | width: '64.5'; a positive multiple of 16 of at most 2048 is needed",
        "width | wide | width: 'wide'; a positive multiple of 16 of at most 2048 is needed",
        "width | 2064 | width: '2064'; the limit is 2048 (--max-size)",
        "width | 1e999999999 | width: '1e999999999'; the limit is 2048 (--max-size)",
        "num_inference_steps | 0 | num_inference_steps: '0'; a whole number from 1 to 1000 is needed",
        "num_inference_steps | 1001 | num_inference_steps: '1001'; a whole number from 1 to 1000 is needed",
        "num_inference_steps | 2.5 | num_inference_steps: '2.5'; a whole number from 1 to 1000 is needed",
        "guidance_scale | NaN | guidance_scale: 'NaN'; a finite number of at least 0 is needed",
        "guidance_scale | -0.5 | guidance_scale: '-0.5'; a finite number of at least 0 is needed",
        "guidance_scale | Infinity | guidance_scale: 'Infinity'; a finite number of at least 0 is needed",
        "guidance_scale | 1e400 | guidance_scale: '1e400'; a finite number of at least 0 is needed",
        "true_cfg_scale | NaN | true_cfg_scale: 'NaN'; a finite number of at least 0 is needed",
        "true_cfg_start | -0.1 | true_cfg_start: '-0.1'; a number from 0 to 1 is needed",
        "true_cfg_start | half | true_cfg_start: 'half'; a number from 0 to 1 is needed",
        "true_cfg_stop | 1.5 | true_cfg_stop: '1.5'; a number from 0 to 1 is needed",
        "true_cfg_stop | NaN | true_cfg_stop: 'NaN'; a number from 0 to 1 is needed",
        "first_block_cache_threshold | -1 | first_block_cache_threshold: '-1'; a number from 0 to 1 is needed",
        "first_block_cache_threshold | 1.1 | first_block_cache_threshold: '1.1'; a number from 0 to 1 is needed",
        "num_images_per_prompt | 0 | num_images_per_prompt: '0'; a whole number from 1 to 1000 is needed",
        "num_images_per_prompt | 1001 | num_images_per_prompt: '1001'; a whole number from 1 to 1000 is needed",
        "max_sequence_length | 0 | max_sequence_length: '0'; a whole number from 1 to 512 is needed",
        "max_sequence_length | 513 | max_sequence_length: '513'; a whole number from 1 to 512 is needed",
        "seed | 0.5 | seed: '0.5'; a whole number from -9223372036854775808 to 9223372036854775807 is needed",
        "seed | 9223372036854775808 | seed: '9223372036854775808'; a whole number from -9223372036854775808 to 9223372036854775807 is needed",
        "id | \"\" | id: ''; a name is needed, or null for one made from the content",
      })
  void aWrongValueIsNamedWithWhatWouldBeRight(String column, String value, String message) {
    assertRefused(row(column, value), message);
  }

  @Test
  void aRangeThatEndsBeforeItBeginsIsNamed() {
    assertRefused(
        row("true_cfg_start", 0.6).with("true_cfg_stop", 0.5),
        "true_cfg_start: 0.6 is above true_cfg_stop, 0.5");
  }

  @Test
  void typesThatCannotFitAreNamed() {
    assertRefused(
        row("guidance_scale", Double.NaN),
        "guidance_scale: NaN; a finite number of at least 0 is needed");
    assertRefused(
        row("height", true), "height: true; a positive multiple of 16 of at most 2048 is needed");
    assertRefused(row("negative_prompt", new byte[2]), "negative_prompt: bytes; a text is needed");
  }

  @Test
  void aNullPromptIsNamed() {
    assertRefused(new Row(), "prompt: is null; a text is needed, it may be empty");
  }

  @Test
  void everyWrongColumnIsNamedInOneLine() {
    assertRefused(
        row("height", 1000).with("prompt", null).with("seed", "x\ny"),
        "prompt: is null; a text is needed, it may be empty; "
            + "seed: 'x y'; a whole number of 64 bits is needed; "
            + "height: 1000; not a multiple of 16, 992 and 1008 are");
  }

  @Test
  void aLongWrongValueIsCutShort() {
    assertRefused(
        row("height", "0123456789".repeat(5) + "x"),
        "height: '0123456789012345678901234567890123456789...'; "
            + "a positive multiple of 16 of at most 2048 is needed");
  }

  @Test
  void aDefaultOfTheJobIsNamedAsItsOption() {
    RequestLimits limits = new RequestLimits(2048);
    assertThat(RequestDefaults.dev().with(Map.of("height", "64", "prompt_2", "x"), limits))
        .satisfies(
            defaults -> {
              assertThat(defaults.prompt2()).isEqualTo("x");
              assertThat(defaults.height()).isEqualTo(64);
              assertThat(defaults.width()).isEqualTo(1024);
            });
    assertThatThrownBy(() -> RequestDefaults.dev().with(Map.of("num_inference_steps", "0"), limits))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessage("--num-inference-steps: '0'; a whole number from 1 to 1000 is needed");
    assertThatThrownBy(() -> RequestDefaults.dev().with(Map.of("id", "a"), limits))
        .hasMessageStartingWith("--id: has no default for the job");
  }

  private static void assertRefused(Map<String, ?> row, String message) {
    assertThatThrownBy(() -> RULES.read(row))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ROW))
        .hasMessage(message);
  }

  private static Row row(Object... keysAndValues) {
    Row row = new Row().with("prompt", "a fox");
    for (int i = 0; i < keysAndValues.length; i += 2) {
      row.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return row;
  }

  private static final class Row extends HashMap<String, Object> {
    private static final long serialVersionUID = 1L;

    Row with(String column, Object value) {
      put(column, value);
      return this;
    }
  }
}
