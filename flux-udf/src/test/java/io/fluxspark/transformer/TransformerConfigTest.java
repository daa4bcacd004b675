package io.fluxspark.transformer;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransformerConfigTest {
  @TempDir Path folder;

  @Test
  void readsWhatDiffusersWrites() {
    TransformerConfig config = TransformerConfig.read(Golden.path("dev/transformer"));

    assertThat(config)
        .isEqualTo(new TransformerConfig(1, 64, 64, 2, 2, 32, 2, 64, 32, true, List.of(8, 12, 12)));
    assertThat(config.innerDim()).isEqualTo(64);
  }

  @Test
  void readsThePublishedFileWhichHasNoAxes() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"_class_name": "FluxTransformer2DModel", "_diffusers_version": "0.30.0.dev0", "attention_head_dim": 128,
         "guidance_embeds": true, "in_channels": 64, "joint_attention_dim": 4096, "num_attention_heads": 24,
         "num_layers": 19, "num_single_layers": 38, "patch_size": 1, "pooled_projection_dim": 768}
        """);

    assertThat(TransformerConfig.read(folder))
        .isEqualTo(
            new TransformerConfig(
                1, 64, 64, 19, 38, 128, 24, 4096, 768, true, List.of(16, 56, 56)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "num_layers | | key 'num_layers' is missing; a whole number is wanted",
        "num_layers | 2.5 | key 'num_layers' is 2.5; a whole number is wanted",
        "num_layers | -1 | key 'num_layers' is -1; at least 0 is wanted",
        "num_attention_heads | 0 | key 'num_attention_heads' is 0; at least 1 is wanted",
        "guidance_embeds | 1 | key 'guidance_embeds' is 1; true or false is wanted",
        "patch_size | 2 | key 'patch_size' is 2; FLUX.1 has 1",
        "axes_dims_rope | [8,12,14] | key 'axes_dims_rope' is [8, 12, 14]; its sum must be attention_head_dim, 32",
        "axes_dims_rope | [7,13,12] | key 'axes_dims_rope' is [7, 13, 12]; three even numbers are wanted",
        "axes_dims_rope | [16,16] | key 'axes_dims_rope' is [16, 16]; three even numbers are wanted",
        "_class_name | \"UNet2DConditionModel\" | key '_class_name' is 'UNet2DConditionModel'; FluxTransformer2DModel is wanted",
        "quantization_config | {} | key 'quantization_config' is there; weights must be stored in floating point",
      })
  void refusesWhatCannotBe(String key, String value, String problem) {
    Golden.change("dev/transformer/config.json", folder, key, value);

    assertRefused(ErrorCode.INVALID_MODEL, () -> TransformerConfig.read(folder))
        .isEqualTo(folder.resolve("config.json") + ": " + problem);
  }
}
