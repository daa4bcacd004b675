package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectTest {
  @TempDir private Path folder;

  @Test
  void saysWhatAFolderIsAndHowItDiffers() {
    CommandLineRun run =
        CommandLineRun.of("inspect", "--model", Project.golden("schnell").toString());

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .startsWith(Project.golden("schnell") + ": custom (FluxPipeline), license unknown\n")
        .contains("1 double + 3 single", "transformer guidance_embeds: false, FLUX.1-dev has true");
  }

  @Test
  void theBuiltInModelHasItsName() {
    assertThat(CommandLineRun.of("inspect").out())
        .startsWith("builtin:tiny: custom (FluxPipeline), license cc-by-4.0\n");
  }

  @Test
  void saysWhatSingleFilesAre() throws IOException {
    String model = Project.model("single/dev", folder.resolve("model")).toString();

    CommandLineRun run = CommandLineRun.of("inspect", "--model", model);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .startsWith(model + ": custom (FluxPipeline), license unknown\n")
        .contains("2 double + 2 single")
        .doesNotContain("scheduler");
    assertThat(CommandLineRun.of("inspect", "--model", model, "--variant", "kontext").out())
        .startsWith(model + ": FLUX.1-Kontext (FluxKontextPipeline), license unknown\n");
  }

  @Test
  void whatTheFilesDenyIsRefused() {
    CommandLineRun run = CommandLineRun.of("inspect", "--variant", "kontext");

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("--model: ").contains(": is a dev model, not a kontext one");
  }

  @Test
  void writesTheProgramsToReadAndToLoad() throws IOException {
    CommandLineRun run =
        CommandLineRun.of(
            "inspect", "--programs", folder.resolve("programs").toString(), "--dtype", "bfloat16");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(new Workspace(folder.resolve("programs")).files())
        .containsExactly(
            "ClipText.pt",
            "ClipText.py",
            "FluxTransformer.pt",
            "FluxTransformer.py",
            "Latents.pt",
            "Latents.py",
            "T5Encoder.pt",
            "T5Encoder.py",
            "Vae.pt",
            "Vae.py",
            "VaeStrips.pt",
            "VaeStrips.py");
    assertThat(Files.readString(folder.resolve("programs/FluxTransformer.py")))
        .contains(
            "  def single_stream_block(self: __torch__.FluxTransformer,",
            "torch.scaled_dot_product_attention(",
            "# bfloat16 (B, L + S, 256)");
  }
}
