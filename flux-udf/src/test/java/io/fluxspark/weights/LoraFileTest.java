package io.fluxspark.weights;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.program.WeightSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraFileTest {
  private static final Path GOLDEN = Golden.path("dev/cases/lora/lora.safetensors");

  @TempDir Path folder;

  @Test
  void readsWhatDiffusersWrites() {
    LoraFile lora = LoraFile.open(GOLDEN);

    assertThat(lora.naming()).isEqualTo("diffusers'");
    assertThat(lora.modules()).hasSize(30);
    LoraModule first = lora.modules().get(0);
    assertThat(first.module()).isEqualTo("single_transformer_blocks.0.attn.to_k");
    assertThat(first.part()).isEqualTo("transformer");
    assertThat(first.down().name())
        .isEqualTo("transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight");
    assertThat(first.up()).hasSize(1);
    assertThat(first.up().get(0).shape()).containsExactly(64L, 2L);
    assertThat(first.rank()).isEqualTo(2);
    assertThat(first.alpha()).isEqualTo(2);
    lora.verify(Map.of("transformer", plan("dev")));
  }

  @Test
  void refusesALoraForAnotherModel() {
    LoraFile lora = LoraFile.open(GOLDEN);

    assertRefused(ErrorCode.INVALID_LORA, () -> lora.verify(Map.of("transformer", plan("schnell"))))
        .startsWith(GOLDEN + ": tensor 'transformer.transformer_blocks.1.")
        .endsWith("which this model lacks: the LoRA was made for another model");
  }

  /** The weights of a golden transformer. */
  private static WeightPlan plan(String model) {
    Checkpoint checkpoint =
        Checkpoint.open(Golden.path(model + "/transformer"), "diffusion_pytorch_model");
    Stream<WeightSpec> specs =
        checkpoint.names().stream()
            .map(name -> new WeightSpec(name, checkpoint.find(name).orElseThrow().shape()));
    return new WeightPlan(specs.toList(), List.of());
  }
}
