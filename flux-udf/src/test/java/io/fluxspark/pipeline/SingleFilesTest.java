package io.fluxspark.pipeline;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.sampling.ScheduleConfig;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.SafetensorsWriter;
import io.fluxspark.weights.SingleFile;
import io.fluxspark.weights.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SingleFilesTest {
  @TempDir Path temp;

  @ParameterizedTest
  @CsvSource({"dev", "schnell"})
  void sizesAreThoseOfDiffusersConfiguration(String model) {
    Path folder = Golden.model("single/" + model, temp.resolve("model"));

    ModelFolder single = ModelFolder.open(folder);

    ModelFolder parts = ModelFolder.open(Golden.path(model));
    assertThat(single.className()).isEqualTo("FluxPipeline");
    assertThat(single.scheduleConfig()).isEqualTo(parts.scheduleConfig());
    assertThat(single.transformerConfig())
        .isEqualTo(withAxes(parts.transformerConfig(), List.of(4, 14, 14)));
    assertThat(single.vaeConfig()).isEqualTo(withGroups(parts.vaeConfig(), 16));
    FluxPipeline.verify(single);
  }

  /** What the shapes do not have is as FLUX.1's is published. */
  @Test
  void sizesOfTheNameAreThePublishedOnes() {
    assertThat(ScheduleConfig.dev()).isEqualTo(ScheduleConfig.read(Golden.path("dev/scheduler")));
    assertThat(ScheduleConfig.schnell())
        .isEqualTo(ScheduleConfig.read(Golden.path("schnell/scheduler")));
  }

  @Test
  void theLayoutOfPartsCountsWhereBothAreThere() throws IOException {
    Path folder = Golden.copy("dev", temp.resolve("model"));
    String digest = ModelFolder.open(folder).digest();
    copySingle("dev/flux1-dev.safetensors", folder.resolve("flux1-dev.safetensors"));
    copySingle("ae.safetensors", folder.resolve("ae.safetensors"));

    assertThat(ModelFolder.open(folder).transformer().files())
        .containsExactly(folder.resolve("transformer/diffusion_pytorch_model.safetensors"));
    assertThat(ModelFolder.open(folder).digest()).isEqualTo(digest);
  }

  @Test
  void theDigestIsOfTheSingleFiles() throws IOException {
    Path folder = Golden.model("single/dev", temp.resolve("model"));
    String digest = ModelFolder.open(folder).digest();
    Files.writeString(folder.resolve("README.md"), "other text");
    assertThat(ModelFolder.open(folder).digest()).isEqualTo(digest);

    byte[] bytes = Files.readAllBytes(folder.resolve("ae.safetensors"));
    bytes[bytes.length - 1]++;
    Files.write(folder.resolve("ae.safetensors"), bytes);
    assertThat(ModelFolder.open(folder).digest()).isNotEqualTo(digest);
  }

  @Test
  void kontextIsToldByTheOptionOrTheName() throws IOException {
    Path folder = Golden.model("single/dev", temp.resolve("model"));
    assertThat(ModelFolder.open(folder).className()).isEqualTo("FluxPipeline");
    assertThat(ModelFolder.open(folder, Optional.of(Variant.KONTEXT)).className())
        .isEqualTo("FluxKontextPipeline");

    Files.move(
        folder.resolve("flux1-dev.safetensors"), folder.resolve("flux1-Kontext-dev.safetensors"));
    assertThat(ModelFolder.open(folder).variant()).isEqualTo("FLUX.1-Kontext");
    assertThat(ModelFolder.open(folder, Optional.of(Variant.DEV)).className())
        .isEqualTo("FluxPipeline");
  }

  @Test
  void refusesWhatTheFilesDeny() {
    Path folder = Golden.model("single/schnell", temp.resolve("model"));
    assertRefused(
            ErrorCode.INVALID_MODEL, () -> ModelFolder.open(folder, Optional.of(Variant.KONTEXT)))
        .isEqualTo(folder + ": is a schnell model, not a kontext one");

    Path parts = Golden.path("dev");
    assertThat(ModelFolder.open(parts, Optional.of(Variant.DEV)).className())
        .isEqualTo("FluxPipeline");
    assertRefused(
            ErrorCode.INVALID_MODEL, () -> ModelFolder.open(parts, Optional.of(Variant.KONTEXT)))
        .isEqualTo(parts + ": is a dev model, not a kontext one");
  }

  @ParameterizedTest
  @CsvSource({
    "64, true, , DEV",
    "64, true, KONTEXT, KONTEXT",
    "64, true, FILL, DEV",
    "64, false, KONTEXT, SCHNELL",
    "128, true, , CONTROL",
    "384, true, DEV, FILL"
  })
  void sizesTellTheVariant(int inChannels, boolean guidance, Variant given, Variant wanted) {
    SingleFile file = SingleFile.open(Golden.path("single/dev/flux1-dev.safetensors"));
    TransformerConfig transformer =
        new TransformerConfig(
            1, inChannels, 64, 19, 38, 128, 24, 4096, 768, guidance, List.of(16, 56, 56));

    assertThat(
            new SingleFiles(file, file)
                .variant(
                    transformer,
                    VaeConfig.read(Golden.path("dev/vae")),
                    Optional.ofNullable(given)))
        .isEqualTo(wanted);
  }

  @ParameterizedTest
  @CsvSource({
    "model.diffusion_model.input_blocks.0.0.weight, a Stable Diffusion",
    "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight, a Stable Diffusion",
    "conditioner.embedders.1.model.positional_embedding, an SDXL",
    "model.diffusion_model.label_emb.0.0.weight, an SDXL",
    "model.diffusion_model.joint_blocks.0.context_block.adaLN_modulation.1.bias, a Stable Diffusion 3",
    "single_stream_modulation.lin.weight, a FLUX.2",
    "single_transformer_blocks.0.attn.to_qkv_mlp_proj.weight, a FLUX.2",
    "distilled_guidance_layer.in_proj.bias, a Chroma",
    "transformer_blocks.0.img_mod.1.weight, a Qwen-Image"
  })
  void refusesOtherFamilies(String name, String family) {
    // FLUX.2 and Chroma have blocks that are called as FLUX.1's
    Path file =
        new SafetensorsWriter()
            .tensor("double_blocks.0.img_attn.qkv.weight", StoredType.BF16, List.of(3L, 1L))
            .tensor(name, StoredType.BF16, List.of(1L))
            .write(temp.resolve("model.safetensors"));

    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(temp))
        .isEqualTo(file + ": this is " + family + " model; one of FLUX.1 is wanted");
  }

  @Test
  void refusesFoldersWithoutOneFileOfEach() throws IOException {
    Path folder = Golden.model("single/dev", temp.resolve("model"));
    copySingle("schnell/flux1-schnell.safetensors", folder.resolve("flux1-schnell.safetensors"));
    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(folder))
        .isEqualTo(
            folder
                + ": one file with FLUX.1's transformer is wanted; there are"
                + " flux1-dev.safetensors, flux1-schnell.safetensors");

    Files.delete(folder.resolve("flux1-schnell.safetensors"));
    Files.delete(folder.resolve("ae.safetensors"));
    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(folder))
        .isEqualTo(
            folder
                + ": neither model_index.json nor a file with FLUX.1's autoencoder, such as"
                + " ae.safetensors, is there");
  }

  @Test
  void refusesMissingTextEncodersByName() throws IOException {
    Path folder = Golden.model("single/dev", temp.resolve("model"));
    Files.move(folder.resolve("text_encoder_2"), folder.resolve("elsewhere"));

    assertRefused(ErrorCode.INVALID_MODEL, () -> ModelFolder.open(folder))
        .isEqualTo(folder + ": sub folder text_encoder_2 is not there");
  }

  @Test
  void refusesAnAutoencoderThatDoesNotFit() {
    Path folder = Golden.model("single/dev", temp.resolve("model"));
    ModelFolder single = ModelFolder.open(folder);
    TransformerConfig config = single.transformerConfig();

    assertRefused(
            ErrorCode.INVALID_MODEL,
            () ->
                new ModelFolder(
                    folder,
                    "FluxFillPipeline",
                    single.textEncoderConfig(),
                    single.textEncoder2Config(),
                    config,
                    single.vaeConfig(),
                    single.scheduleConfig(),
                    single.textEncoder(),
                    single.textEncoder2(),
                    single.transformer(),
                    single.vae(),
                    single.tokenizer(),
                    single.tokenizer2(),
                    single.license()))
        .startsWith(folder.resolve("flux1-dev.safetensors") + ": key 'in_channels' is 64; ");
  }

  private static void copySingle(String name, Path target) throws IOException {
    Files.copy(Golden.path("single/" + name), target);
  }

  private static TransformerConfig withAxes(TransformerConfig config, List<Integer> axes) {
    return new TransformerConfig(
        config.patchSize(),
        config.inChannels(),
        config.outChannels(),
        config.numLayers(),
        config.numSingleLayers(),
        config.attentionHeadDim(),
        config.numAttentionHeads(),
        config.jointAttentionDim(),
        config.pooledProjectionDim(),
        config.guidanceEmbeds(),
        axes);
  }

  private static VaeConfig withGroups(VaeConfig config, int groups) {
    return new VaeConfig(
        config.inChannels(),
        config.outChannels(),
        config.latentChannels(),
        config.blockOutChannels(),
        config.layersPerBlock(),
        groups,
        config.scalingFactor(),
        config.shiftFactor(),
        config.useQuantConv(),
        config.usePostQuantConv(),
        config.midBlockAddAttention());
  }
}
