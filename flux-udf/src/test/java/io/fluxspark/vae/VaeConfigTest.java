package io.fluxspark.vae;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VaeConfigTest {
  @TempDir Path folder;

  @Test
  void readsWhatDiffusersWrites() {
    VaeConfig config = VaeConfig.read(Golden.path("dev/vae"));

    assertThat(config)
        .isEqualTo(
            new VaeConfig(
                3, 3, 16, List.of(16, 16, 32, 32), 1, 8, 0.3611, 0.1159, false, false, true));
    assertThat(config.scaleFactor()).isEqualTo(8);
  }

  @Test
  void takesDiffusersDefaultsForWhatIsMissing() {
    Golden.change(
        "dev/vae/config.json",
        folder,
        json ->
            json.remove(
                List.of(
                    "shift_factor",
                    "use_quant_conv",
                    "use_post_quant_conv",
                    "mid_block_add_attention")));

    VaeConfig config = VaeConfig.read(folder);

    assertThat(config.shiftFactor()).isZero();
    assertThat(config.useQuantConv()).isTrue();
    assertThat(config.usePostQuantConv()).isTrue();
    assertThat(config.midBlockAddAttention()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "latent_channels | | key 'latent_channels' is missing; a whole number is wanted",
        "latent_channels | 0 | key 'latent_channels' is 0; at least 1 is wanted",
        "in_channels | 4 | keys 'in_channels' and 'out_channels' are 4 and 3; pictures have 3",
        "scaling_factor | 0 | key 'scaling_factor' is 0.0; a number above 0 is wanted",
        "shift_factor | \"0\" | key 'shift_factor' is \"0\"; a number is wanted",
        "act_fn | \"relu\" | key 'act_fn' is 'relu'; silu is wanted",
        "norm_num_groups | 12 | key 'block_out_channels' has 16; multiples of norm_num_groups, 12, are wanted",
        "down_block_types | [\"DownEncoderBlock2D\"] | key 'down_block_types' has 1 blocks; block_out_channels has 4",
        "up_block_types | [\"AttnUpDecoderBlock2D\"] | key 'up_block_types' is 'AttnUpDecoderBlock2D'; UpDecoderBlock2D is wanted",
        "_class_name | \"AutoencoderTiny\" | key '_class_name' is 'AutoencoderTiny'; AutoencoderKL is wanted",
      })
  void refusesWhatCannotBe(String key, String value, String problem) {
    Golden.change("dev/vae/config.json", folder, key, value);

    assertRefused(ErrorCode.INVALID_MODEL, () -> VaeConfig.read(folder))
        .isEqualTo(folder.resolve("config.json") + ": " + problem);
  }
}
