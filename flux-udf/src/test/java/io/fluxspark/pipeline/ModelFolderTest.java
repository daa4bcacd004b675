package io.fluxspark.pipeline;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.transformer.TransformerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFolderTest {
  @TempDir Path temp;

  @Test
  void opensAFolderInThePublishedLayout() {
    ModelFolder dev = ModelFolder.open(Golden.path("dev"));

    assertThat(dev.className()).isEqualTo("FluxPipeline");
    assertThat(dev.transformerConfig().guidanceEmbeds()).isTrue();
    assertThat(dev.transformer().names()).contains("proj_out.weight");
    assertThat(dev.textEncoder().names()).isNotEmpty();
    assertThat(dev.textEncoder2().names()).contains("shared.weight");
    assertThat(dev.vae().names()).contains("decoder.conv_out.bias");
    assertThat(dev.tokenizer2().resolve("tokenizer.json")).exists();
    assertThat(dev.license()).isEqualTo("unknown");
    assertThat(dev.variant()).isEqualTo("custom");
  }

  @Test
  void opensShards() {
    assertThat(ModelFolder.open(Golden.path("schnell")).transformer().files()).hasSize(8);
  }

  @Test
  void opensKontextFolders() {
    Path folder = Golden.copy("dev", temp);
    Golden.change("dev/model_index.json", folder, "_class_name", "\"FluxKontextPipeline\"");

    assertThat(ModelFolder.open(folder).variant()).isEqualTo("FLUX.1-Kontext");
  }

  @ParameterizedTest
  @CsvSource({
    "19,38,true,FLUX.1-dev",
    "19,38,false,FLUX.1-schnell",
    "8,38,true,FLUX.1-lite",
    "8,38,false,custom"
  })
  void namesPublishedVariants(int layers, int singleLayers, boolean guidance, String variant) {
    ModelFolder dev = ModelFolder.open(Golden.path("dev"));
    TransformerConfig config =
        new TransformerConfig(
            1, 64, 64, layers, singleLayers, 32, 2, 64, 32, guidance, List.of(8, 12, 12));

    assertThat(
            new ModelFolder(
                    dev.path(),
                    dev.className(),
                    dev.textEncoderConfig(),
                    dev.textEncoder2Config(),
                    config,
                    dev.vaeConfig(),
                    dev.scheduleConfig(),
                    dev.textEncoder(),
                    dev.textEncoder2(),
                    dev.transformer(),
                    dev.vae(),
                    dev.tokenizer(),
                    dev.tokenizer2(),
                    dev.license())
                .variant())
        .isEqualTo(variant);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "StableDiffusionXLPipeline | this is an SDXL pipeline; a FLUX.1 folder (one of FluxControlPipeline, FluxFillPipeline, ",
        "StableDiffusion3Pipeline | this is a Stable Diffusion 3 pipeline; a FLUX.1 folder",
        "StableDiffusionPipeline | this is a Stable Diffusion pipeline; a FLUX.1 folder",
        "Flux2Pipeline | this is a FLUX.2 pipeline; a FLUX.1 folder",
        "FluxControlNetPipeline | FluxControlNetPipeline is not supported by this version; a FLUX.1 folder",
        "DDPMPipeline | key '_class_name' is 'DDPMPipeline'; FluxControlPipeline",
      })
  void refusesOtherFamilies(String className, String problem) {
    Golden.change("dev/model_index.json", temp, "_class_name", "\"" + className + "\"");

    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(temp))
        .startsWith(temp.toString())
        .contains(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FluxFillPipeline | 8 times the vae's latent_channels and a mask's 4 patches, 384, is wanted",
        "FluxControlPipeline | 8 times the vae's latent_channels, 128, is wanted"
      })
  void refusesATransformerThatIsShownSomethingElse(String className, String wanted) {
    Path folder = Golden.copy("dev", temp.resolve("model"));
    Golden.change("dev/model_index.json", folder, "_class_name", "\"" + className + "\"");

    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(folder))
        .endsWith("config.json: key 'in_channels' is 64; " + wanted);
  }

  @Test
  void refusesPartsOfOtherClasses() {
    Golden.change(
        "dev/model_index.json", temp, "text_encoder_2", "[\"transformers\", \"UMT5EncoderModel\"]");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(temp))
        .endsWith("key 'text_encoder_2' is 'UMT5EncoderModel'; T5EncoderModel is wanted");

    Golden.change("dev/model_index.json", temp, "text_encoder_2", "[null, null]");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(temp))
        .endsWith("key 'text_encoder_2' is the list [null,null]; a list of texts is wanted");
  }

  @Test
  void refusesFoldersThatAreNone() {
    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(temp.resolve("none")))
        .endsWith("no such folder");
    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(temp))
        .contains("model_index.json is not there");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "transformer/config.json",
        "vae/config.json",
        "text_encoder/config.json",
        "text_encoder_2/config.json",
        "scheduler/scheduler_config.json",
        "transformer/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
      })
  void refusesMissingFilesByName(String missing) throws IOException {
    Path folder = Golden.copy("dev", temp);
    Files.delete(folder.resolve(missing));

    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(folder))
        .contains(folder.resolve(missing).getParent().toString())
        .contains(Path.of(missing).getFileName().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "transformer",
        "vae",
        "text_encoder",
        "text_encoder_2",
        "scheduler",
        "tokenizer",
        "tokenizer_2"
      })
  void refusesMissingFoldersByName(String missing) throws IOException {
    Path folder = Golden.copy("dev", temp);
    Files.move(folder.resolve(missing), folder.resolve("elsewhere"));

    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(folder))
        .isEqualTo(folder + ": sub folder " + missing + " is not there");
  }

  @Test
  void refusesPartsThatDoNotFit() {
    Path folder = Golden.copy("dev", temp);
    Golden.change(
        "dev/transformer/config.json",
        folder.resolve("transformer"),
        "joint_attention_dim",
        "4096");

    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(folder))
        .endsWith(
            "config.json: key 'joint_attention_dim' is 4096; text_encoder_2's d_model, 64, is wanted");
  }

  @Test
  void readsTheLicenseOfTheModelCard() throws IOException {
    Path folder = Golden.copy("dev", temp);

    assertThat(
            licenseOf(folder, "---\nlanguage:\n- en\nlicense: apache-2.0\ntags:\n- x\n---\n# A\n"))
        .isEqualTo("apache-2.0");
    assertThat(
            licenseOf(
                folder,
                "---\r\nlicense: other\r\nlicense_name: \"flux-1-dev-non-commercial-license\"\r\n---\r\n"))
        .isEqualTo("flux-1-dev-non-commercial-license");
    assertThat(licenseOf(folder, "# License\nlicense: mit\n")).isEqualTo("unknown");
    assertThat(licenseOf(folder, "---\ntitle: x\n---\nlicense: mit\n")).isEqualTo("unknown");
  }

  @Test
  void hasADigestOfWhatDecidesThePictures() throws IOException {
    Path folder = Golden.copy("dev", temp);
    String digest = ModelFolder.open(folder).digest();
    assertThat(digest).isEqualTo(ModelFolder.open(Golden.path("dev")).digest());

    Files.writeString(folder.resolve("README.md"), "hello");
    assertThat(ModelFolder.open(folder).digest()).isEqualTo(digest);

    Files.writeString(folder.resolve("tokenizer/merges.txt"), "#version: 0.2\n");
    assertThat(ModelFolder.open(folder).digest()).isNotEqualTo(digest);
  }

  private static String licenseOf(Path folder, String card) throws IOException {
    Files.writeString(folder.resolve("README.md"), card);
    return ModelFolder.open(folder).license();
  }
}
