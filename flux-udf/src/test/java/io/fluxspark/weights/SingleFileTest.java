package io.fluxspark.weights;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SingleFileTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"dev", "schnell"})
  void aTransformerIsDiffusersByteForByte(String model) throws IOException {
    SingleFile file =
        SingleFile.open(Golden.path("single/" + model + "/flux1-" + model + ".safetensors"));

    assertThat(file.hasTransformer()).isTrue();
    assertThat(file.hasAutoencoder()).isFalse();
    assertEqual(file.transformer(), diffusers(model + "/transformer"));
  }

  @Test
  void anAutoencoderIsDiffusersByteForByte() throws IOException {
    SingleFile file = SingleFile.open(Golden.path("single/ae.safetensors"));

    assertThat(file.hasTransformer()).isFalse();
    assertThat(file.hasAutoencoder()).isTrue();
    assertEqual(file.autoencoder(), diffusers("dev/vae"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"transformer", "vae"})
  void diffusersNamesStayAsTheyAre(String part) throws IOException {
    SingleFile file =
        SingleFile.open(Golden.path("dev/" + part + "/diffusion_pytorch_model.safetensors"));

    assertEqual(
        part.equals("vae") ? file.autoencoder() : file.transformer(), diffusers("dev/" + part));
  }

  @Test
  void onlyTheLastModulationIsInSeveralPieces() {
    Checkpoint transformer =
        SingleFile.open(Golden.path("single/dev/flux1-dev.safetensors")).transformer();

    assertThat(transformer.names())
        .filteredOn(name -> transformer.find(name).orElseThrow().parts().size() > 1)
        .containsExactly("norm_out.linear.bias", "norm_out.linear.weight");
  }

  @Test
  void comfyUiPutsWholeModelsIntoOneFile() {
    Path path =
        transformer("model.diffusion_model.")
            .tensor("model.diffusion_model.img_in.weight", StoredType.BF16, List.of(4L, 2L))
            .tensor("vae.decoder.mid.block_1.conv1.weight", StoredType.F32, List.of(2L, 2L, 3L, 3L))
            .tensor("text_encoders.clip_l.weight", StoredType.F32, List.of(1L))
            .write(folder.resolve("all.safetensors"));

    SingleFile file = SingleFile.open(path);

    assertThat(file.transformer().names())
        .containsExactly("transformer_blocks.0.norm1.linear.weight", "x_embedder.weight");
    assertThat(file.autoencoder().names())
        .containsExactly("decoder.mid_block.resnets.0.conv1.weight");
  }

  @Test
  void refusesRowsThatCannotBeTakenApart() {
    Path path =
        transformer("")
            .tensor("double_blocks.0.img_attn.qkv.bias", StoredType.BF16, List.of(10L))
            .write(folder.resolve("file.safetensors"));

    assertRefused(ErrorCode.INVALID_MODEL, () -> SingleFile.open(path).transformer())
        .isEqualTo(
            path
                + ": tensor 'double_blocks.0.img_attn.qkv.bias' has shape [10]; rows that are a"
                + " multiple of 3 are wanted");
  }

  @Test
  void refusesTwoTensorsThatAreOneWeight() {
    Path path =
        transformer("")
            .tensor("img_in.weight", StoredType.BF16, List.of(2L, 2L))
            .tensor("x_embedder.weight", StoredType.BF16, List.of(2L, 2L))
            .write(folder.resolve("file.safetensors"));

    assertRefused(ErrorCode.INVALID_MODEL, () -> SingleFile.open(path).transformer())
        .isEqualTo(
            path
                + ": tensors 'img_in.weight' and 'x_embedder.weight' are one weight,"
                + " 'x_embedder.weight'");
  }

  private static SafetensorsWriter transformer(String prefix) {
    return new SafetensorsWriter()
        .tensor(prefix + "double_blocks.0.img_mod.lin.weight", StoredType.BF16, List.of(6L, 1L));
  }

  private static Checkpoint diffusers(String part) {
    return Checkpoint.open(Golden.path(part), "diffusion_pytorch_model");
  }

  private static void assertEqual(Checkpoint actual, Checkpoint expected) throws IOException {
    assertThat(actual.names()).isEqualTo(expected.names());
    for (String name : expected.names()) {
      StoredWeight weight = expected.find(name).orElseThrow();
      StoredWeight ours = actual.require(name, weight.shape());
      assertThat(ours.type()).as(name).isEqualTo(weight.type());
      assertThat(bytes(ours)).as(name).isEqualTo(bytes(weight));
    }
  }

  private static byte[] bytes(StoredWeight weight) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (RandomAccessFile file = new RandomAccessFile(weight.file().toFile(), "r")) {
      for (TensorEntry part : weight.parts()) {
        byte[] bytes = new byte[(int) part.length()];
        file.seek(part.offset());
        file.readFully(bytes);
        all.write(bytes);
      }
    }
    return all.toByteArray();
  }
}
