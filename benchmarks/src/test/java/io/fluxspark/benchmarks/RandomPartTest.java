package io.fluxspark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import io.fluxspark.benchmarks.StepPrograms.Kind;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.ClipTextEncoder;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RandomPartTest {
  private static final ClipConfig CLIP =
      new ClipConfig(100, 64, 128, 2, 4, 77, "quick_gelu", 1e-5, 2);

  @Test
  void runsAProgramWithWeightsThatKeepValuesFinite() throws IOException, MalformedModelException {
    try (RandomPart part = clip(DataType.BFLOAT16)) {
      IValue ids = part.indices(CLIP.vocabSize(), 1, CLIP.maxPositionEmbeddings()); // (B, T)
      IValue ends = part.indices(CLIP.maxPositionEmbeddings(), 1); // (B)

      assertThat(part.milliseconds("pooled", part.own(), ids, ends, part.layers(0))).isPositive();
    }
  }

  @Test
  void refusesWhatTheProgramDoesNotTake() throws IOException, MalformedModelException {
    try (RandomPart part = clip(DataType.FLOAT32)) {
      assertThatCode(() -> part.run("pooled", part.own()))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("pooled");
    }
  }

  @Test
  void everyKindOfStepRuns() {
    DeviceTimes times = new DeviceTimes(Device.cpu());

    assertThat(times.kinds())
        .extracting(Kind::name)
        .containsExactly("float32", "bfloat16", "float8", "float8-products");
    for (Kind kind : times.kinds()) {
      assertThatCode(() -> times.step(kind)).doesNotThrowAnyException();
    }
  }

  private static RandomPart clip(DataType type) throws IOException, MalformedModelException {
    return RandomPart.make(
        ClipTextEncoder.program(CLIP, type),
        ClipTextEncoder.plan(CLIP),
        Device.cpu(),
        type,
        WeightStorage.AS_COMPUTED);
  }
}
