package io.fluxspark.text;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClipConfigTest {
  @TempDir Path folder;

  @Test
  void readsWhatTransformersWrites() {
    assertThat(ClipConfig.read(Golden.path("dev/text_encoder")))
        .isEqualTo(new ClipConfig(1103, 32, 128, 2, 2, 77, "quick_gelu", 1e-5, 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hidden_size | | key 'hidden_size' is missing; a whole number is wanted",
        "hidden_size | 33 | key 'hidden_size' is 33; a multiple of num_attention_heads, 2, is wanted",
        "hidden_act | \"relu\" | key 'hidden_act' is relu; quick_gelu or gelu is wanted",
        "layer_norm_eps | \"small\" | key 'layer_norm_eps' is \"small\"; a number is wanted",
        "layer_norm_eps | -1 | key 'layer_norm_eps' is -1.0; a number above 0 is wanted",
        "eos_token_id | -1 | key 'eos_token_id' is -1; at least 0 is wanted",
        "vocab_size | 99999999999 | key 'vocab_size' is 99999999999; a whole number is wanted",
      })
  void refusesWhatCannotBe(String key, String value, String problem) {
    Golden.change("dev/text_encoder/config.json", folder, key, value);

    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipConfig.read(folder))
        .isEqualTo(folder.resolve("config.json") + ": " + problem);
  }
}
