package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.program.DataType;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.weights.SafetensorsWriter;
import io.fluxspark.weights.StoredType;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelReportTest {
  @TempDir Path temp;

  @Test
  void saysWhatAFolderIs() {
    ModelReport report = ModelReport.of(ModelFolder.open(Golden.path("schnell")));

    assertThat(report.parts())
        .extracting(ModelReport.Part::name)
        .containsExactly("text_encoder", "text_encoder_2", "transformer", "vae");
    assertThat(report.differences())
        .contains(
            "transformer num_layers: 1, FLUX.1-dev has 19",
            "transformer guidance_embeds: false, FLUX.1-dev has true",
            "scheduler use_dynamic_shifting: false, FLUX.1-dev has true")
        .noneMatch(difference -> difference.startsWith("transformer in_channels"));
    assertThat(report.text()).contains("custom", "1 double + 3 single", "BF16");
  }

  @Test
  void parametersAreThoseOfTheFiles() {
    ModelFolder folder = ModelFolder.open(Golden.path("dev"));

    ModelReport report = ModelReport.of(folder);

    assertThat(report.parts().get(2).parameters()).isEqualTo(folder.transformer().parameters());
    assertThat(report.parts().get(2).bytes(DataType.BFLOAT16))
        .isEqualTo(folder.transformer().bytes());
    assertThat(report.parts().get(3).parameters()).isEqualTo(folder.vae().parameters());
  }

  @Test
  void weightsInFloat8TakeAByteEach() {
    ModelFolder folder = ModelFolder.open(Golden.model("float8/scaled", temp.resolve("model")));

    ModelReport.Part transformer = ModelReport.of(folder).parts().get(2);

    long matrices = transformer.float8Parameters();
    assertThat(matrices).isBetween(transformer.parameters() * 9 / 10, transformer.parameters());
    assertThat(transformer.stored()).contains("F8_E4M3");
    assertThat(transformer.bytes(DataType.FLOAT32))
        .isEqualTo(matrices + 4 * (transformer.parameters() - matrices));
    FluxCost cost = (FluxCost) folder.cost();
    assertThat(cost.transformerWhole())
        .isEqualTo(new FluxCost.Numbers(transformer.parameters() - matrices, matrices));
    assertThat(cost.transformerLeft().float8()).isBetween(1L, matrices - 1);
  }

  @Test
  void namesFluxLite() {
    Path folder = Golden.copy("dev", temp);
    Golden.change(
        "dev/transformer/config.json",
        folder.resolve("transformer"),
        json -> json.put("num_layers", 8).put("num_single_layers", 38));
    SafetensorsWriter weights = new SafetensorsWriter();
    Transformer.plan(TransformerConfig.read(folder.resolve("transformer"))).all().stream()
        .forEach(spec -> weights.tensor(spec.name(), StoredType.BF16, spec.shape()));
    weights.write(folder.resolve("transformer/diffusion_pytorch_model.safetensors"));

    assertThat(ModelReport.of(ModelFolder.open(folder)).text())
        .startsWith("FLUX.1-lite (FluxPipeline)")
        .contains("8 double + 38 single");
  }
}
