package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Failures;
import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.request.Conditioning;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelLocationTest {
  @Test
  void theBuiltInModelIsAPipelineFolder() {
    ModelFolder tiny = ModelLocation.open("builtin:tiny");

    assertThat(tiny.license()).isEqualTo("cc-by-4.0");
    assertThat(tiny.transformer().parameters()).isPositive();
  }

  /** It is put together anew each time, and always the same. */
  @Test
  void theBuiltInModelOfFourStepsIsOneWithoutGuidance() {
    ModelFolder schnell = ModelLocation.open("builtin:tiny-schnell");

    assertThat(schnell.license()).isEqualTo("cc-by-4.0");
    assertThat(schnell.transformerConfig().guidanceEmbeds()).isFalse();
    assertThat(schnell.digest())
        .isEqualTo(ModelLocation.open("builtin:tiny-schnell").digest())
        .isNotEqualTo(ModelLocation.open("builtin:tiny").digest());
    assertThat(schnell.path()).isNotEmptyDirectory();
    assertThat(schnell.path().resolve("pytorch_lora_weights.safetensors")).doesNotExist();
  }

  @Test
  void theBuiltInModelOfEditsIsOneOfKontext() {
    ModelFolder kontext = ModelLocation.open("builtin:tiny-kontext");

    assertThat(kontext.conditioning()).isEqualTo(Conditioning.KONTEXT);
    assertThat(kontext.transformerConfig().guidanceEmbeds()).isTrue();
    assertThat(kontext.digest()).isNotEqualTo(ModelLocation.open("builtin:tiny").digest());
  }

  @Test
  void pathsAndFileUrisAreTheSameModel() {
    Path folder = Golden.path("dev").toAbsolutePath();

    assertThat(ModelLocation.open(folder.toUri().toString()).digest())
        .isEqualTo(ModelLocation.open(folder.toString()).digest());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "builtin:huge",
        "s3a://bucket/model",
        "no/such/folder",
        "file:///no/such/folder",
        "file:relative"
      })
  void otherLocationsAreRefusedByName(String location) {
    Failures.assertRefused(ErrorCode.INVALID_MODEL, () -> ModelLocation.open(location))
        .contains(location);
  }
}
