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

class T5ConfigTest {
  @TempDir Path folder;

  @Test
  void readsWhatTransformersWrites() {
    assertThat(T5Config.read(Golden.path("dev/text_encoder_2")))
        .isEqualTo(new T5Config(700, 64, 16, 128, 2, 4, 32, 128, 1e-6, "gated-gelu"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "d_model | | key 'd_model' is missing; a whole number is wanted",
        "d_kv | 0 | key 'd_kv' is 0; at least 1 is wanted",
        "feed_forward_proj | \"relu\" | key 'feed_forward_proj' is relu; gated-gelu is wanted",
        "relative_attention_num_buckets | 31 | key 'relative_attention_num_buckets' is 31; an even number is wanted",
        "relative_attention_max_distance | 8 | key 'relative_attention_max_distance' is 8; more than a quarter of relative_attention_num_buckets is wanted",
        "quantization_config | {\"load_in_4bit\":true} | key 'quantization_config' is there; weights must be stored in floating point",
      })
  void refusesWhatCannotBe(String key, String value, String problem) {
    Golden.change("dev/text_encoder_2/config.json", folder, key, value);

    assertRefused(ErrorCode.INVALID_MODEL, () -> T5Config.read(folder))
        .isEqualTo(folder.resolve("config.json") + ": " + problem);
  }
}
