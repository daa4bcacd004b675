package io.fluxspark.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.TensorScope;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.ClipTokenizer;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.text.T5Tokenizer;
import io.fluxspark.weights.LoraFile;
import io.fluxspark.weights.LoraTerms;
import io.fluxspark.weights.SafetensorsWriter;
import io.fluxspark.weights.StoredType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TextEncodingTest {
  private static final int LENGTH = 16;
  private static final String CLIP_LAYER =
      "text_encoder.text_model.encoder.layers.0.self_attn.q_proj";

  @TempDir private Path temp;

  private final ModelFolder folder = ModelFolder.open(Golden.path("dev"));

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void aTextIsWhatTheEncodersMakeOfItAlone(DataType type) {
    long open = TensorScope.openValues();
    try (ClipTokenizer clipTokenizer = ClipTokenizer.open(folder.tokenizer());
        T5Tokenizer t5Tokenizer = T5Tokenizer.open(folder.tokenizer2());
        ClipTextEncoder clip =
            ClipTextEncoder.load(
                folder.textEncoderConfig(), folder.textEncoder(), Device.cpu(), type);
        T5Encoder t5 =
            T5Encoder.load(folder.textEncoder2Config(), folder.textEncoder2(), Device.cpu(), type);
        TextEncoding texts = new TextEncoding(clipTokenizer, t5Tokenizer, clip, t5);
        TensorScope scope = new TensorScope(Device.cpu())) {
      List<String> fox = List.of("a fox");
      float[] pooled = clip.pooled(scope, clipTokenizer.encode(fox).ids()).toFloats();
      float[] hidden = t5.encode(scope, t5Tokenizer.encode(fox, LENGTH).ids()).toFloats();

      for (List<String> batch : List.of(List.of("a hen", "a fox", "an owl"), List.of("a fox"))) {
        TextEncoding.Encoded encoded = texts.encode(scope, batch, batch, LENGTH);
        assertThat(encoded.pooled().shape()[0]).isEqualTo(batch.size());
        assertThat(row(encoded.pooled().toFloats(), batch.indexOf("a fox"), pooled.length))
            .isEqualTo(pooled);
        assertThat(row(encoded.hidden().toFloats(), batch.indexOf("a fox"), hidden.length))
            .isEqualTo(hidden);
      }
    }
    assertThat(TensorScope.openValues()).isEqualTo(open);
  }

  @Test
  void equalTextsAreEncodedOnceInABatchAndLater() {
    try (FluxModel model = FluxModel.load(folder, Device.cpu(), DataType.FLOAT32, Set.of())) {
      assertThat(encoded(model, "fox", "hen", "fox", "fox")).isEqualTo(2);
      assertThat(encoded(model, "hen", "owl", "fox")).isEqualTo(1);
      assertThat(encoded(model, "owl", "owl")).isZero();
    }
  }

  @Test
  void anotherLengthOrSecondPromptIsAnotherText() {
    try (FluxModel model = FluxModel.load(folder, Device.cpu(), DataType.FLOAT32, Set.of());
        TensorScope scope = new TensorScope(Device.cpu())) {
      List<String> fox = List.of("fox");
      List<String> hen = List.of("hen");
      assertThat(model.texts().encode(scope, fox, fox, LENGTH).encoded()).isEqualTo(1);
      assertThat(model.texts().encode(scope, fox, hen, LENGTH).encoded()).isEqualTo(1);
      assertThat(model.texts().encode(scope, fox, fox, 2 * LENGTH).encoded()).isEqualTo(1);
      assertThat(model.texts().encode(scope, fox, hen, LENGTH).encoded()).isZero();
    }
  }

  @Test
  void aRowKeepsItsPlaceAndItsCutTokens() {
    try (FluxModel model = FluxModel.load(folder, Device.cpu(), DataType.FLOAT32, Set.of());
        TensorScope scope = new TensorScope(Device.cpu())) {
      String longer = "a fox and ".repeat(40);
      List<String> batch = List.of("a fox", longer, "a fox");
      TextEncoding.Encoded encoded = model.texts().encode(scope, batch, batch, LENGTH);
      float[] hidden = encoded.hidden().toFloats();
      int size = hidden.length / batch.size();

      assertThat(row(hidden, 2, size)).isEqualTo(row(hidden, 0, size));
      assertThat(row(hidden, 1, size)).isNotEqualTo(row(hidden, 0, size));
      assertThat(encoded.t5Cut()[0]).isZero();
      assertThat(encoded.t5Cut()[1]).isPositive();
      assertThat(encoded.clipCut()[1]).isPositive();
    }
  }

  /** Nearly all LoRAs for FLUX.1 leave the text encoders as they are. */
  @Test
  void aLoraHasTextsOfItsOwnWhereItChangesAnEncoder() {
    Path ofClip =
        new SafetensorsWriter()
            .tensor(CLIP_LAYER + ".lora_A.weight", StoredType.F32, List.of(1L, 32L))
            .tensor(CLIP_LAYER + ".lora_B.weight", StoredType.F32, List.of(32L, 1L))
            .write(temp.resolve("clip.safetensors"));
    try (FluxModel model = FluxModel.load(folder, Device.cpu(), DataType.FLOAT32, Set.of());
        FluxModel style = adapted(model, Golden.path("dev/cases/lora/lora.safetensors"));
        FluxModel words = adapted(model, ofClip)) {
      assertThat(encoded(model, "fox")).isEqualTo(1);
      assertThat(encoded(style, "fox", "hen")).isEqualTo(1);
      assertThat(encoded(model, "hen")).isZero();
      assertThat(encoded(words, "fox", "hen")).isEqualTo(2);
      assertThat(encoded(words, "hen")).isZero();
    }
  }

  private static FluxModel adapted(FluxModel model, Path lora) {
    return model.adapted(List.of(new LoraTerms.Scaled(LoraFile.open(lora), 1)));
  }

  private static int encoded(FluxModel model, String... texts) {
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      return model.texts().encode(scope, List.of(texts), List.of(texts), LENGTH).encoded();
    }
  }

  private static float[] row(float[] rows, int index, int size) {
    return Arrays.copyOfRange(rows, index * size, (index + 1) * size);
  }
}
