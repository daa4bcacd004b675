package io.fluxspark.weights;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.program.WeightSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraFileTest {
  private static final Path GOLDEN = Golden.path("dev/cases/lora/lora.safetensors");

  private static final String KOHYA = "lora_unet_double_blocks_0_img_attn_proj";

  @TempDir Path folder;

  @Test
  void readsWhatDiffusersWrites() {
    LoraFile lora = LoraFile.open(GOLDEN);

    assertThat(lora.naming()).isEqualTo("diffusers'");
    assertThat(lora.modules()).hasSize(30);
    LoraModule first = lora.modules().get(0);
    assertThat(first.module()).isEqualTo("single_transformer_blocks.0.attn.to_k");
    assertThat(first.part()).isEqualTo("transformer");
    assertThat(first.down().name())
        .isEqualTo("transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight");
    assertThat(first.up()).hasSize(1);
    assertThat(first.up().get(0).shape()).containsExactly(64L, 2L);
    assertThat(first.rank()).isEqualTo(2);
    assertThat(first.alpha()).isEqualTo(2);
    lora.verify(Map.of("transformer", plan("dev")));
  }

  @Test
  void sharesTheMatrixOfAFusedLayer() {
    Path file =
        lora("double_blocks.1.txt_attn.qkv.lora_A.weight", 2, 64)
            .tensor(
                "double_blocks.1.txt_attn.qkv.lora_B.weight", StoredType.BF16, List.of(192L, 2L))
            .write(folder.resolve("lora.safetensors"));

    List<LoraModule> modules = LoraFile.open(file).modules();

    assertThat(modules)
        .extracting(LoraModule::module)
        .containsExactly(
            "transformer_blocks.1.attn.add_k_proj",
            "transformer_blocks.1.attn.add_q_proj",
            "transformer_blocks.1.attn.add_v_proj");
    assertThat(modules).extracting(LoraModule::down).containsOnly(modules.get(0).down());
    TensorRows k = modules.get(0).up().get(0);
    assertThat(k.firstRow()).isEqualTo(64);
    assertThat(k.rows()).isEqualTo(64);
    assertThat(k.offset()).isEqualTo(k.entry().offset() + 64 * 2 * 2);
  }

  /** Named in InvokeAI's {@code flux_onetrainer_bfl_lora_conversion_utils.py}. */
  @Test
  void readsTheNumberedLayersOfOneTrainer() {
    Path file =
        lora("transformer.double_blocks.0.img_attn.qkv.1.lora_down.weight", 2, 64)
            .tensor(
                "transformer.double_blocks.0.img_attn.qkv.1.lora_up.weight",
                StoredType.BF16,
                List.of(64L, 2L))
            .tensor(
                "transformer.single_blocks.0.linear1.3.lora_down.weight",
                StoredType.BF16,
                List.of(2L, 64L))
            .tensor(
                "transformer.single_blocks.0.linear1.3.lora_up.weight",
                StoredType.BF16,
                List.of(256L, 2L))
            .write(folder.resolve("lora.safetensors"));

    LoraFile lora = LoraFile.open(file);

    assertThat(lora.modules())
        .extracting(LoraModule::module)
        .containsExactly("single_transformer_blocks.0.proj_mlp", "transformer_blocks.0.attn.to_k");
    lora.verify(Map.of("transformer", plan("dev")));
  }

  /** As diffusers wrote attention processors, and PEFT adapters that have a name. */
  @ParameterizedTest
  @CsvSource({
    "transformer.transformer_blocks.0.attn.processor.to_out_lora.down.weight,"
        + "transformer.transformer_blocks.0.attn.processor.to_out_lora.up.weight,"
        + "transformer_blocks.0.attn.to_out.0",
    "transformer_blocks.0.attn.to_out.0.lora_A.default.weight,"
        + "transformer_blocks.0.attn.to_out.0.lora_B.default.weight,"
        + "transformer_blocks.0.attn.to_out.0",
    "text_encoder.text_model.encoder.layers.11.self_attn.to_out_lora.down.weight,"
        + "text_encoder.text_model.encoder.layers.11.self_attn.to_out_lora.up.weight,"
        + "text_model.encoder.layers.11.self_attn.out_proj",
    "text_encoder.text_model.encoder.layers.11.mlp.fc1.lora_linear_layer.down.weight,"
        + "text_encoder.text_model.encoder.layers.11.mlp.fc1.lora_linear_layer.up.weight,"
        + "text_model.encoder.layers.11.mlp.fc1",
    "text_encoders.clip_l.transformer.text_model.encoder.layers.11.mlp.fc2.lora_down.weight,"
        + "text_encoders.clip_l.transformer.text_model.encoder.layers.11.mlp.fc2.lora_up.weight,"
        + "text_model.encoder.layers.11.mlp.fc2",
    "text_encoders.t5xxl.transformer.encoder.block.23.layer.1.DenseReluDense.wo.lora_down.weight,"
        + "text_encoders.t5xxl.transformer.encoder.block.23.layer.1.DenseReluDense.wo.lora_up.weight,"
        + "encoder.block.23.layer.1.DenseReluDense.wo",
    "lycoris_single_transformer_blocks_37_proj_out.lora_down.weight,"
        + "lycoris_single_transformer_blocks_37_proj_out.lora_up.weight,"
        + "single_transformer_blocks.37.proj_out"
  })
  void readsOtherSpellings(String down, String up, String module) {
    Path file =
        lora(down, 2, 64)
            .tensor(up, StoredType.BF16, List.of(64L, 2L))
            .write(folder.resolve("lora.safetensors"));

    assertThat(LoraFile.open(file).modules())
        .extracting(LoraModule::module)
        .containsExactly(module);
  }

  @Test
  void leavesOutTheLayerThatFluxDoesNotRun() {
    Path file =
        pair("lora_te1_text_model_encoder_layers_0_mlp_fc1")
            .tensor("lora_te1_text_projection.lora_down.weight", StoredType.F32, List.of(2L, 64L))
            .tensor("lora_te1_text_projection.lora_up.weight", StoredType.F32, List.of(64L, 2L))
            .write(folder.resolve("lora.safetensors"));

    assertThat(LoraFile.open(file).modules()).hasSize(1);
  }

  /** As in files that ComfyUI's tools take from two models. */
  @Test
  void leavesOutZerosForLayersThatNoLoraHas() throws IOException {
    String embedding = "lora_te1_text_model_embeddings_position_embedding";
    Path file =
        new SafetensorsWriter()
            .tensor("diffusion_model.img_in.diff_b", StoredType.F32, List.of(3L))
            .tensor(embedding + ".lora_up.weight", StoredType.F32, List.of(64L, 2L))
            .tensor(embedding + ".lora_down.weight", StoredType.F32, List.of(2L, 64L))
            .tensor(embedding + ".alpha", StoredType.F32, List.of())
            .tensor(KOHYA + ".lora_down.weight", StoredType.F32, List.of(2L, 64L))
            .tensor(KOHYA + ".lora_up.weight", StoredType.F32, List.of(64L, 2L))
            .write(folder.resolve("lora.safetensors"));
    assertRefused(ErrorCode.INVALID_LORA, () -> LoraFile.open(file))
        .endsWith("'diffusion_model.img_in.diff_b' changes a weight as a whole; only LoRA is read");

    fillWithZeros(file, "diffusion_model.img_in.diff_b");
    assertRefused(ErrorCode.INVALID_LORA, () -> LoraFile.open(file))
        .contains("tensor '" + embedding + ".lora_up.weight' fits no layer of FLUX.1");

    fillWithZeros(file, embedding + ".lora_up.weight");
    assertThat(LoraFile.open(file).modules()).hasSize(1);
  }

  @Test
  void leavesOutZerosForT5() throws IOException {
    String layer = "text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.q";
    Path file = pair(layer).write(folder.resolve("lora.safetensors"));
    assertThat(LoraFile.open(file).modules()).hasSize(1);

    fillWithZeros(file, layer + ".lora_up.weight");

    assertThat(LoraFile.open(file).modules()).isEmpty();
  }

  private static void fillWithZeros(Path file, String name) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    for (TensorEntry tensor : SafetensorsHeader.read(file).tensors()) {
      if (tensor.name().equals(name)) {
        Arrays.fill(
            bytes, (int) tensor.offset(), (int) (tensor.offset() + tensor.length()), (byte) 0);
      }
    }
    Files.write(file, bytes);
  }

  @Test
  void readsAnAlphaThatIsAWholeNumber() {
    Path file =
        new SafetensorsWriter()
            .tensor(KOHYA + ".alpha", StoredType.I64, List.of())
            .tensor(KOHYA + ".lora_down.weight", StoredType.F32, List.of(2L, 64L))
            .tensor(KOHYA + ".lora_up.weight", StoredType.F32, List.of(64L, 2L))
            .write(folder.resolve("lora.safetensors"));

    assertThat(LoraFile.open(file).modules().get(0).alpha())
        .isEqualTo((double) 0x0706050403020100L);
  }

  @Test
  void hasADigestThatDoesNotDependOnTheName() throws IOException {
    Path copy = Files.copy(GOLDEN, folder.resolve("other.safetensors"));
    String digest = LoraFile.open(GOLDEN).digest();

    assertThat(LoraFile.open(copy).digest()).isEqualTo(digest).matches("[0-9a-f]{64}");
    byte[] bytes = Files.readAllBytes(copy);
    bytes[bytes.length - 1]++;
    Files.write(copy, bytes);
    assertThat(LoraFile.open(copy).digest()).isNotEqualTo(digest);
  }

  @Test
  void refusesWhatIsNoSafetensorsFile() throws IOException {
    Path pickle = Files.writeString(folder.resolve("lora.bin"), "PK\3\4 a pickle in a zip file");

    assertRefused(ErrorCode.INVALID_LORA, () -> LoraFile.open(pickle))
        .startsWith(pickle + ": says that its header has")
        .endsWith("this is no safetensors file, or it is damaged");
    assertRefused(ErrorCode.INVALID_LORA, () -> LoraFile.open(folder.resolve("none")))
        .isEqualTo(folder.resolve("none") + ": no such file");
    refused(new SafetensorsWriter(), "has no tensor; a LoRA is wanted");
  }

  @Test
  void refusesAKeyThatFitsNothing() {
    refused(
        pair(KOHYA).tensor("lora_unet_double_blocks_0_img_attn_qkv.huh", StoredType.F32, List.of()),
        "tensor 'lora_unet_double_blocks_0_img_attn_qkv.huh' fits no layer of FLUX.1; the file's"
            + " other names are kohya's");
    refused(
        pair("lora_unet_down_blocks_0_attentions_0_proj_in"),
        "tensor 'lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight' fits no layer of"
            + " FLUX.1; no naming of a LoRA was recognised");
    refused(
        pair(KOHYA).tensor("lora_unet_img_in.alpha", StoredType.F32, List.of()),
        "tensor 'lora_unet_img_in.alpha' is alone: the layer's down (lora_A) matrix is lacking");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "double_blocks.0.img_attn.norm.key_norm.scale | belongs to a control LoRA",
        "transformer.transformer_blocks.0.attn.norm_added_k.weight | belongs to a control LoRA",
        "lora_transformer_transformer_blocks_0_attn_to_k.dora_scale | makes it a DoRA",
        "transformer.transformer_blocks.0.attn.to_k.lora_magnitude_vector.weight | makes it a DoRA",
        "diffusion_model.double_blocks.0.img_attn.proj.lokr_w1 | makes it a LoKr",
        "lora_unet_double_blocks_0_img_attn_proj.hada_w1_a | makes it a LoHa",
        "lora_unet_double_blocks_0_img_attn_proj.oft_blocks | makes it an OFT",
        "lora_unet_double_blocks_0_img_attn_proj.lora_mid.weight | makes it a LoCon",
        "diffusion_model.double_blocks.0.img_attn.proj.diff_b | changes a weight as a whole",
        "bundle_emb.token.clip_l | is a bundled embedding",
        "double_blocks.0.img_attn.qkv.lora_B.bias | is a LoRA's bias"
      })
  void refusesOtherKindsByName(String key, String problem) {
    refused(
        pair(KOHYA).tensor(key, StoredType.F32, List.of(3L)), "tensor '" + key + "' " + problem);
  }

  @Test
  void namesAControlLoraBeforeItsBiases() {
    refused(
        new SafetensorsWriter()
            .tensor("img_in.lora_B.bias", StoredType.F32, List.of(64L))
            .tensor("single_blocks.0.norm.query_norm.scale", StoredType.F32, List.of(32L)),
        "tensor 'single_blocks.0.norm.query_norm.scale' belongs to a control LoRA such as"
            + " FLUX.1-Depth-dev-lora, which takes an input picture beside the latents; those are"
            + " not read");
  }

  @Test
  void refusesMatricesThatDoNotMakeAProduct() {
    refused(
        lora(KOHYA + ".lora_down.weight", 2, 64),
        "tensor '"
            + KOHYA
            + ".lora_down.weight' is alone: the layer's up (lora_B) matrix is lacking");
    refused(
        lora(KOHYA + ".lora_up.weight", 64, 2),
        "tensor '"
            + KOHYA
            + ".lora_up.weight' is alone: the layer's down (lora_A) matrix is lacking");
    refused(
        lora(KOHYA + ".lora_up.weight", 64, 4)
            .tensor(KOHYA + ".lora_down.weight", StoredType.F32, List.of(2L, 64L)),
        "tensor '"
            + KOHYA
            + ".lora_down.weight' has shape [2, 64] and '"
            + KOHYA
            + ".lora_up.weight' [64, 4]; the first one's rows and the second one's columns must be"
            + " as many, the rank");
    refused(
        lora(KOHYA + ".lora_up.weight", 64, 2)
            .tensor(KOHYA + ".lora_down.weight", StoredType.F32, List.of(2L, 64L, 1L, 1L)),
        "tensor '"
            + KOHYA
            + ".lora_down.weight' has shape [2, 64, 1, 1]; a matrix is wanted, FLUX.1 has no"
            + " convolution that a LoRA could adapt");
    refused(
        lora(KOHYA + ".lora_up.weight", 64, 2)
            .tensor(KOHYA + ".lora_down.weight", StoredType.F8_E4M3, List.of(2L, 64L)),
        "tensor '" + KOHYA + ".lora_down.weight' is stored as F8_E4M3; BF16, F16 or F32 is wanted");
    refused(
        lora("lora_unet_single_blocks_0_linear1.lora_down.weight", 2, 64)
            .tensor(
                "lora_unet_single_blocks_0_linear1.lora_up.weight",
                StoredType.F32,
                List.of(64L, 2L)),
        "tensor 'lora_unet_single_blocks_0_linear1.lora_up.weight' has 64 rows; a multiple of 7 is"
            + " wanted");
  }

  @Test
  void refusesALayerThatIsThereTwice() {
    refused(
        pair(KOHYA)
            .tensor(
                "transformer_blocks.0.attn.to_out.0.lora_A.weight",
                StoredType.F32,
                List.of(2L, 64L))
            .tensor(
                "transformer_blocks.0.attn.to_out.0.lora_B.weight",
                StoredType.F32,
                List.of(64L, 2L)),
        "tensors '"
            + KOHYA
            + ".lora_down.weight' and 'transformer_blocks.0.attn.to_out.0.lora_A.weight' are for one"
            + " layer, transformer_blocks.0.attn.to_out.0");
    refused(
        lora("transformer_blocks.0.attn.to_q.lora_A.one.weight", 2, 64)
            .tensor(
                "transformer_blocks.0.attn.to_q.lora_A.two.weight",
                StoredType.F32,
                List.of(2L, 64L)),
        "tensors 'transformer_blocks.0.attn.to_q.lora_A.one.weight' and"
            + " 'transformer_blocks.0.attn.to_q.lora_A.two.weight' are the same matrix of one layer");
  }

  @Test
  void refusesAnAlphaThatIsNoNumber() {
    SafetensorsWriter matrices =
        new SafetensorsWriter()
            .tensor(KOHYA + ".lora_down.weight", StoredType.F16, List.of(1L, 30L))
            .tensor(KOHYA + ".lora_up.weight", StoredType.F16, List.of(32L, 1L));
    // its bytes are 7C 7D, a NaN
    refused(
        matrices.tensor(KOHYA + ".alpha", StoredType.F16, List.of()),
        "tensor '" + KOHYA + ".alpha', stored as F16, is no finite number");
    refused(
        pair(KOHYA).tensor(KOHYA + ".alpha", StoredType.F32, List.of(2L)),
        "tensor '" + KOHYA + ".alpha' has shape [2]; one number is wanted");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'transformer.use_dora':true} | 'use_dora' makes it a DoRA; only LoRA is read",
        "{'transformer.lora_alpha':'x'} | alpha is \"x\"; a number is wanted",
        "{'transformer.alpha_pattern':{'(':1}} | alpha_pattern '(' is no pattern",
        "[] | a JSON object is wanted, not the list []"
      })
  void refusesAConfigurationThatIsNotRead(String configuration, String problem) {
    String quoted = configuration.replace("'", "\\\"");
    Path file = folder.resolve("lora.safetensors");
    SafetensorsWriter.writeRaw(
        file,
        ("{'__metadata__':{'lora_adapter_metadata':'%s'},"
                + "'x_embedder.lora_A.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[0,4]},"
                + "'x_embedder.lora_B.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[4,8]}}")
            .replace("'", "\"")
            .formatted(quoted),
        8);

    assertRefused(ErrorCode.INVALID_LORA, () -> LoraFile.open(file))
        .isEqualTo(file + ": lora_adapter_metadata: " + problem);
  }

  @Test
  void refusesALoraForAnotherModel() {
    LoraFile lora = LoraFile.open(GOLDEN);

    assertRefused(ErrorCode.INVALID_LORA, () -> lora.verify(Map.of("transformer", plan("schnell"))))
        .startsWith(GOLDEN + ": tensor 'transformer.transformer_blocks.1.")
        .endsWith("which this model lacks: the LoRA was made for another model");
  }

  @Test
  void refusesAPartThatIsNotRun() {
    Path file =
        pair("lora_te3_encoder_block_0_layer_0_SelfAttention_q")
            .write(folder.resolve("lora.safetensors"));

    assertRefused(
            ErrorCode.INVALID_LORA,
            () -> LoraFile.open(file).verify(Map.of("transformer", plan("dev"))))
        .isEqualTo(
            file
                + ": tensor 'lora_te3_encoder_block_0_layer_0_SelfAttention_q.lora_down.weight' is"
                + " for text_encoder_2; a LoRA of transformer is wanted");
  }

  @Test
  void refusesALayerOfAnotherSize() {
    Path file =
        lora("double_blocks.0.img_attn.proj.lora_A.weight", 16, 3072)
            .tensor(
                "double_blocks.0.img_attn.proj.lora_B.weight", StoredType.BF16, List.of(3072L, 16L))
            .write(folder.resolve("lora.safetensors"));

    assertRefused(
            ErrorCode.INVALID_LORA,
            () -> LoraFile.open(file).verify(Map.of("transformer", plan("dev"))))
        .isEqualTo(
            file
                + ": tensor 'double_blocks.0.img_attn.proj.lora_A.weight' is for a layer"
                + " transformer_blocks.0.attn.to_out.0 of shape [3072, 3072]; this model's has"
                + " [64, 64]: the LoRA was made for another model");
  }

  @Test
  void refusesAControlLoraByItsWiderInput() {
    Path file =
        lora("transformer.x_embedder.lora_A.weight", 2, 128)
            .tensor("transformer.x_embedder.lora_B.weight", StoredType.F32, List.of(64L, 2L))
            .write(folder.resolve("lora.safetensors"));

    assertRefused(
            ErrorCode.INVALID_LORA,
            () -> LoraFile.open(file).verify(Map.of("transformer", plan("dev"))))
        .endsWith(
            "of shape [64, 128]; this model's has [64, 64]: a control LoRA, which takes an input"
                + " picture beside the latents, is not read");
  }

  private void refused(SafetensorsWriter writer, String problem) {
    Path file = writer.write(folder.resolve("lora.safetensors"));

    assertRefused(ErrorCode.INVALID_LORA, () -> LoraFile.open(file))
        .startsWith(file + ": " + problem);
  }

  /** Both matrices of a layer in kohya's way. */
  private static SafetensorsWriter pair(String layer) {
    return lora(layer + ".lora_down.weight", 2, 64)
        .tensor(layer + ".lora_up.weight", StoredType.F32, List.of(64L, 2L));
  }

  private static SafetensorsWriter lora(String name, long rows, long columns) {
    return new SafetensorsWriter().tensor(name, StoredType.F32, List.of(rows, columns));
  }

  /** The weights of a golden transformer. */
  private static WeightPlan plan(String model) {
    Checkpoint checkpoint =
        Checkpoint.open(Golden.path(model + "/transformer"), "diffusion_pytorch_model");
    Stream<WeightSpec> specs =
        checkpoint.names().stream()
            .map(name -> new WeightSpec(name, checkpoint.find(name).orElseThrow().shape()));
    return new WeightPlan(specs.toList(), List.of());
  }
}
