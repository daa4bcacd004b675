package io.fluxspark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ModelFileTest {
  private static final Path FILE = Path.of("cluster-simulation.json");

  @Test
  void theProjectsFileHasEveryNumberAndItsOrigin() throws IOException {
    ModelFile file = ModelFile.read(FILE);

    assertThat(file.model().picture().stepSeconds()).isEqualTo(file.value("picture.step_seconds"));
    assertThat(file.model().losses().executorsPerGpuHour())
        .isEqualTo(file.value("losses.executors_per_gpu_hour"));
    assertThat(file.origin("run.planning_seconds")).startsWith("measured by ");
  }

  @Test
  void anotherNumberLeavesTheFileAsItIs() throws IOException {
    ModelFile file = ModelFile.read(FILE);
    ModelFile other = file.with("picture.step_seconds", 42);

    assertThat(other.model().picture().stepSeconds()).isEqualTo(42);
    assertThat(file.model().picture().stepSeconds()).isNotEqualTo(42);
    assertThat(other.model().task()).isEqualTo(file.model().task());
  }

  @Test
  void whatIsMissingUnknownOrOutOfRangeIsRefused() throws IOException {
    String json = Files.readString(FILE);

    String unknown = "\"txt_seconds\": {\"value\": 1, \"from\": \"assumed\"}, \"text_seconds\"";
    assertThatThrownBy(() -> ModelFile.of(json.replace("\"text_seconds\"", unknown)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("txt_seconds");
    assertThatThrownBy(() -> ModelFile.of(json.replaceFirst("\"text_seconds\": .*\n", "")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("text_seconds");
    assertThatThrownBy(() -> ModelFile.of(json.replace("\"measured: T5", "\"T5")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("picture.text_seconds", "measured, assumed or published");
    assertThatThrownBy(() -> ModelFile.read(FILE).with("gpus.slow_share", 2).model())
        .hasMessageContaining("slow_share of at most 1");
    assertThatThrownBy(() -> ModelFile.read(FILE).with("run.start_seconds", -1).model())
        .hasMessageContaining("start_seconds: -1.0");
    assertThatThrownBy(() -> ModelFile.of("[]")).isInstanceOf(IllegalArgumentException.class);
  }
}
