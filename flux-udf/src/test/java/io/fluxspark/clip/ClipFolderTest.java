package io.fluxspark.clip;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.ClipLayer;
import io.fluxspark.weights.ModelDigest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClipFolderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void copy() throws IOException {
    folder = Golden.copy("clip", temporary.toRealPath().resolve("clip"));
  }

  @Test
  void readsWhatTransformersWrites() {
    ClipFolder clip = ClipFolder.open(folder);
    clip.verify();

    assertThat(clip.text())
        .isEqualTo(new ClipConfig(1103, 32, 64, 2, 4, 77, "quick_gelu", 1e-5, 1102));
    assertThat(clip.vision())
        .isEqualTo(new VisionConfig(new ClipLayer(48, 80, 4, "quick_gelu", 1e-5), 3, 32, 8));
    assertThat(clip.vision().tokens()).isEqualTo(1 + 4 * 4);
    assertThat(clip.projectionDim()).isEqualTo(24);
    assertThat(clip.preprocessing().shortestEdge()).isEqualTo(36);
    assertThat(clip.preprocessing().cropSize()).isEqualTo(32);
  }

  @Test
  void sizesThatAreLeftOutAreThoseOfVitB32() {
    change("config.json", "text_config", "{}");
    change("config.json", "vision_config", "{}");
    change("config.json", "projection_dim", null);
    change("preprocessor_config.json", "size", "224");
    change("preprocessor_config.json", "crop_size", "224");
    change("preprocessor_config.json", "rescale_factor", null);

    ClipFolder clip = ClipFolder.open(folder);

    assertThat(clip.text())
        .isEqualTo(new ClipConfig(49408, 512, 2048, 12, 8, 77, "quick_gelu", 1e-5, 49407));
    assertThat(clip.vision())
        .isEqualTo(new VisionConfig(new ClipLayer(768, 3072, 12, "quick_gelu", 1e-5), 12, 224, 32));
    assertThat(clip.projectionDim()).isEqualTo(512);
    assertThat(clip.preprocessing().shortestEdge()).isEqualTo(224);
    assertThat(clip.preprocessing().rescaleFactor()).isEqualTo(1 / 255.0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "config.json | model_type | \"siglip\" | key 'model_type' is 'siglip'; clip is wanted",
        "config.json | text_config | | key 'text_config' is missing; an object is wanted",
        "config.json | vision_config | {\"hidden_size\": \"big\"} | key 'vision_config.hidden_size' is \"big\"; a whole number is wanted",
        "config.json | vision_config | {\"hidden_size\": 50} | key 'hidden_size' is 50; a multiple of num_attention_heads, 12, is wanted",
        "config.json | vision_config | {\"num_channels\": 4} | key 'vision_config.num_channels' is not 3",
        "config.json | vision_config | {\"image_size\": 8} | key 'image_size' is 8; at least 32 is wanted",
        "config.json | vision_config | {\"image_size\": 100} | key 'image_size' is 100; a multiple of patch_size, 32, is wanted",
        "config.json | projection_dim | 0 | key 'projection_dim' is 0; at least 1 is wanted",
        "preprocessor_config.json | resample | 2 | key 'resample' is 2; 3, bicubic, is wanted",
        "preprocessor_config.json | do_normalize | false | key 'do_normalize' is false; true is wanted",
        "preprocessor_config.json | size | 30 | key 'size' is 30; at least 32 is wanted",
        "preprocessor_config.json | size | {\"height\": 40, \"width\": 40} | key 'size.shortest_edge' is missing",
        "preprocessor_config.json | crop_size | {\"height\": 32, \"width\": 36} | key 'crop_size' is no square",
        "preprocessor_config.json | crop_size | 28 | key 'crop_size' is 28; vision_config's image_size, 32, is wanted",
        "preprocessor_config.json | image_std | [1, 1] | keys 'image_mean' and 'image_std' have 3 and 2 numbers; 3 are wanted",
        "preprocessor_config.json | image_std | [1, 0, 1] | key 'image_std' is 0.0; a number above 0 is wanted",
        "preprocessor_config.json | image_mean | 0.5 | key 'image_mean' is 0.5; a list of numbers is wanted",
      })
  void refusesWhatIsNotDone(String file, String key, String value, String problem) {
    change(file, key, value);

    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipFolder.open(folder))
        .startsWith(folder.resolve(file) + ": " + problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"config.json", "preprocessor_config.json", "model.safetensors", "vocab.json"})
  void namesAFileThatIsMissing(String file) throws IOException {
    Files.delete(folder.resolve(file));

    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipFolder.open(folder)).contains(file);
  }

  @Test
  void namesAFolderThatIsNone() {
    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipFolder.open(folder.resolve("no")))
        .isEqualTo(
            folder.resolve("no")
                + ": is no folder; one with the config.json of a CLIPModel is wanted, under the"
                + " same path on every executor");
  }

  @ParameterizedTest
  @CsvSource({
    "visual_projection.weight",
    "text_projection.weight",
    "vision_model.encoder.layers.2.mlp.fc1.bias",
    "text_model.final_layer_norm.weight"
  })
  void namesAWeightThatIsMissing(String name) throws IOException {
    Golden.renamed(
        Golden.path("clip/model.safetensors"),
        folder.resolve("model.safetensors"),
        weight -> weight.equals(name) ? "x" : weight);

    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipFolder.open(folder).verify()).contains(name);
  }

  @Test
  void refusesTextsOfAnotherLength() {
    change("tokenizer_config.json", "model_max_length", "64");

    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipFolder.open(folder).verify())
        .contains("the tokenizer's texts have 64 tokens")
        .endsWith("max_position_embeddings, 77, are wanted");
  }

  @Test
  void theDigestIsOfAllFiles() {
    String before = ClipFolder.open(folder).digest();
    change("preprocessor_config.json", "size", "41");

    assertThat(ClipFolder.open(folder).digest()).isNotEqualTo(before);
    assertThat(before)
        .isNotEqualTo(ModelDigest.of(folder, List.of(folder.resolve("model.safetensors"))));
  }

  /** Changes a file of the folder as it is. */
  private void change(String file, String key, String value) {
    try {
      ObjectNode json = (ObjectNode) JSON.readTree(folder.resolve(file).toFile());
      json.remove(key);
      if (value != null) {
        json.set(key, JSON.readTree(value));
      }
      JSON.writeValue(folder.resolve(file).toFile(), json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
