package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.program.DataType;
import org.junit.jupiter.api.Test;

class ModelReportTest {
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
}
