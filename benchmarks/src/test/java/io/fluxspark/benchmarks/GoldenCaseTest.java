package io.fluxspark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GoldenCaseTest {
  private static final Path DEV = Path.of("../flux-udf/src/test/resources/golden/dev");

  @Test
  void aCaseIsDiffusersCall() throws IOException {
    GoldenCase two = named("two");

    assertThat(two.images()).hasSize(2);
    GenerationRequest second = two.images().get(1).request().request();
    assertThat(second.prompt()).contains("it's a portrait of 😀 café");
    assertThat(second.seed()).isEqualTo(123456789012L);
    assertThat(second.guidanceScale()).isEqualTo(1.5);
    assertThat(two.expected().get(1).width()).isEqualTo(second.width()).isEqualTo(48);
    assertThat(two.expected().get(1).height()).isEqualTo(second.height()).isEqualTo(80);
  }

  @Test
  void itsPicturesAndLorasAreInputs() throws IOException {
    GoldenCase inpaint = named("inpaint");
    GoldenCase lora = named("lora");

    assertThat(inpaint.images().get(0).request().request().inputs().task()).isEqualTo(Task.INPAINT);
    assertThat(Optional.ofNullable(inpaint.images().get(0).inputs().mask())).isPresent();
    assertThat(lora.images().get(0).loraFiles()).hasSize(1);
    assertThat(lora.images().get(0).request().request().loras().get(0).scale()).isEqualTo(0.8);
  }

  private static GoldenCase named(String name) throws IOException {
    return GoldenCase.of(DEV).stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
