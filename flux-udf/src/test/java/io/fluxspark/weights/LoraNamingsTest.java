package io.fluxspark.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.TensorFile;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * LoRA files in every naming, against what diffusers and PEFT make of them ({@code
 * src/test/python/make_lora_files.py}).
 */
class LoraNamingsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bfl | BFL's",
        "comfyui | ComfyUI's",
        "comfyui-lora-down | ComfyUI's",
        "diffusers | diffusers'",
        "diffusers-alpha | diffusers'",
        "diffusers-lora-down | diffusers'",
        "diffusers-metadata | diffusers'",
        "diffusers-rslora | diffusers'",
        "fal | PEFT's",
        "kohya | kohya's",
        "kohya-split-qkv | kohya's",
        "kohya-with-te1 | kohya's",
        "onetrainer | kohya's and OneTrainer's",
        "peft | PEFT's",
        "xlabs | XLabs'"
      })
  void changesEveryWeightAsDiffusersDoes(String name, String naming) {
    LoraFile lora = LoraFile.open(Golden.path("lora/" + name + ".safetensors"));

    Map<String, String> changes = new TreeMap<>();
    for (LoraModule module : lora.modules()) {
      changes.put(module.part() + " " + module.module(), sha256(change(module)));
    }

    assertThat(changes).isEqualTo(expected(name));
    assertThat(lora.naming()).isEqualTo(naming);
    lora.verify(
        Map.of(
            "transformer", plan("transformer", "diffusion_pytorch_model"),
            "text_encoder", plan("text_encoder", "model"),
            "text_encoder_2", plan("text_encoder_2", "model")));
  }

  @Test
  void comparesWithEveryFileThatWasMade() {
    assertThat(Golden.json("lora/expected.json")).hasSize(15);
  }

  private static Map<String, String> expected(String name) {
    Map<String, String> expected = new TreeMap<>();
    for (Map.Entry<String, JsonNode> layer :
        Golden.json("lora/expected.json").get(name).properties()) {
      expected.put(layer.getKey(), layer.getValue().asText());
    }
    return expected;
  }

  private static WeightPlan plan(String part, String stem) {
    Checkpoint checkpoint = Checkpoint.open(Golden.path("dev/" + part), stem);
    return new WeightPlan(
        checkpoint.names().stream()
            .map(name -> new WeightSpec(name, checkpoint.find(name).orElseThrow().shape()))
            .toList(),
        List.of());
  }

  /** (alpha / rank) up down, row by row; the files' numbers make every sum exact. */
  private static float[] change(LoraModule module) {
    int in = Math.toIntExact(module.in());
    int rank = Math.toIntExact(module.rank());
    float[] down = floats(new TensorRows(module.down(), 0, rank)); // (rank, in)
    float[] change = new float[Math.toIntExact(module.out()) * in]; // (out, in)
    int row = 0;
    for (TensorRows rows : module.up()) {
      float[] up = floats(rows); // (rows, rank)
      for (int i = 0; i < rows.rows(); i++, row++) {
        for (int j = 0; j < in; j++) {
          float sum = 0;
          for (int r = 0; r < rank; r++) {
            sum += up[i * rank + r] * down[r * in + j];
          }
          change[row * in + j] = (float) (module.alpha() / rank * sum);
        }
      }
    }
    return change;
  }

  private static float[] floats(TensorRows rows) {
    TensorEntry entry = rows.entry();
    try (TensorScope scope = new TensorScope(Device.cpu());
        TensorFile file = new TensorFile(entry.file())) {
      return file.tensor(scope, entry.dataType(), rows.offset(), rows.shape(), DataType.FLOAT32)
          .toFloats();
    }
  }

  private static String sha256(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
