package io.fluxspark.weights;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.program.WeightStorage;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Float8ScalesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"scale_weight", "weight_scale"})
  void aScaleIsFoundByBothOfItsNames(String name) {
    Checkpoint checkpoint =
        open(
            float8("a.weight")
                .tensor("a.bias", StoredType.BF16, List.of(3L))
                .tensor("a." + name, StoredType.F32, List.of(1L))
                .tensor("a.scale_input", StoredType.F32, List.of())
                .tensor("a.input_scale", StoredType.F32, List.of())
                .tensor("a.comfy_quant", StoredType.U8, List.of(9L))
                .tensor("a.inner.other", StoredType.F32, List.of(9L)));

    StoredWeight weight = checkpoint.find("a.weight").orElseThrow();
    assertThat(weight.scale().orElseThrow().name()).isEqualTo("a." + name);
    assertThat(weight.scale().orElseThrow().shape()).isEmpty();
    assertThat(weight.isFloat8Matrix()).isTrue();
    assertThat(checkpoint.find("a.bias").orElseThrow().scale()).isEmpty();
    assertThat(checkpoint.storage()).isEqualTo(WeightStorage.FLOAT8);
  }

  @Test
  void plainFilesHaveNone() {
    assertThat(open(float8("a.weight")).find("a.weight").orElseThrow().scale()).isEmpty();
  }

  @Test
  void whatBflFusesHasOneScale() {
    Checkpoint transformer =
        SingleFile.open(Golden.path("float8/scaled/flux1-dev-fp8.safetensors")).transformer();

    TensorEntry scale =
        transformer
            .find("transformer_blocks.0.attn.to_q.weight")
            .orElseThrow()
            .scale()
            .orElseThrow();
    assertThat(scale.name()).isEqualTo("double_blocks.0.img_attn.qkv.scale_weight");
    assertThat(transformer.find("transformer_blocks.0.attn.to_v.weight").orElseThrow().scale())
        .contains(scale);
    assertThat(transformer.find("norm_out.linear.weight").orElseThrow().scale()).isPresent();
  }

  @Test
  void otherTypesMayHaveAnythingBesideThem() {
    Checkpoint checkpoint =
        open(
            new SafetensorsWriter()
                .tensor("a.weight", StoredType.BF16, List.of(3L, 2L))
                .tensor("a.scale", StoredType.F32, List.of(3L)));

    assertThat(checkpoint.find("a.weight").orElseThrow().scale()).isEmpty();
    assertThat(checkpoint.storage()).isEqualTo(WeightStorage.AS_COMPUTED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a.weight_scale | F32 | 3 | is F32 of shape [3]; one number in F32 is wanted",
        "a.weight_scale | U8 | 1 | is U8 of shape [1]; one number in F32 is wanted",
        "a.weight_scale_inv | F32 | 1 | is not read; beside a weight in float8 scale_weight or weight_scale is wanted",
      })
  void refusesOtherScalesByName(String name, StoredType type, long size, String problem) {
    SafetensorsWriter file = float8("a.weight").tensor(name, type, List.of(size));

    assertRefused(ErrorCode.INVALID_MODEL, () -> open(file))
        .isEqualTo(folder.resolve("model.safetensors") + ": tensor '" + name + "' " + problem);
  }

  @Test
  void refusesTwoScales() {
    SafetensorsWriter file =
        float8("a.weight")
            .tensor("a.scale_weight", StoredType.F32, List.of(1L))
            .tensor("a.weight_scale", StoredType.F32, List.of(1L));

    assertRefused(ErrorCode.INVALID_MODEL, () -> open(file))
        .endsWith("tensor 'a.weight_scale' is a second scale of the layer; one is wanted");
  }

  private Checkpoint open(SafetensorsWriter file) {
    file.write(folder.resolve("model.safetensors"));
    return Checkpoint.open(folder, "model");
  }

  private static SafetensorsWriter float8(String name) {
    return new SafetensorsWriter().tensor(name, StoredType.F8_E4M3, List.of(3L, 2L));
  }
}
