package io.fluxspark.training;

import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageInputs;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputImage;
import io.fluxspark.request.Lora;
import io.fluxspark.request.RequestInputs;
import io.fluxspark.request.Task;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Draws what a model that is being trained makes of some prompts, always from the same noise.
 *
 * @param settings what is drawn
 * @param sizes of the pictures
 * @param type in which the model computes
 */
record SampleSheets(
    SampleSettings settings, ExampleEncoder.Sizes sizes, Device device, DataType type) {
  private static final int SEED = 0;

  /**
   * A sheet of all samples, as a PNG file; those that edit a picture have it on their left.
   *
   * @param folder of the model
   * @param lora what the model is drawn with
   */
  byte[] draw(Path folder, Optional<Path> lora) {
    boolean areEdits = settings.samples().stream().anyMatch(SampleSettings.Sample::isEdit);
    List<Picture> pictures = new ArrayList<>();
    ModelFolder model = ModelFolder.open(folder);
    List<Optional<Picture>> edited = edited(model);
    try (FluxPipeline pipeline = FluxPipeline.load(model, device, type)) {
      for (int i = 0; i < edited.size(); i++) {
        if (areEdits) {
          pictures.add(edited.get(i).orElseGet(this::nothing));
        }
        pictures.add(drawn(pipeline, settings.samples().get(i).prompt(), edited.get(i), lora));
      }
    }
    int columns = (int) Math.ceil(Math.sqrt(edited.size()));
    return Samples.sheet(
        pictures,
        areEdits ? 2 * columns : columns,
        Map.of(
            "prompts",
            String.join(
                "\n", settings.samples().stream().map(SampleSettings.Sample::prompt).toList())));
  }

  /** The pictures that samples edit, as they come back from their latents. */
  private List<Optional<Picture>> edited(ModelFolder model) {
    if (settings.samples().stream().noneMatch(SampleSettings.Sample::isEdit)) {
      return Collections.nCopies(settings.samples().size(), Optional.empty());
    }
    try (Vae vae = Vae.load(model.vaeConfig(), model.vae(), device, type)) {
      return settings.samples().stream()
          .map(
              sample ->
                  Optional.of(sample)
                      .filter(SampleSettings.Sample::isEdit)
                      .map(edit -> decoded(vae, model.vaeConfig(), edit)))
          .toList();
    }
  }

  private Picture decoded(Vae vae, VaeConfig config, SampleSettings.Sample sample) {
    int factor = config.scaleFactor();
    try (TensorScope temporary = new TensorScope(device)) {
      NativeTensor latent =
          temporary.floats(
              config.normalised(sample.condition()),
              1,
              config.latentChannels(),
              sample.height() / factor,
              sample.width() / factor); // (1, C, H / 8, W / 8)
      NativeTensor pixels =
          vae.pixels(temporary, vae.decode(temporary, latent)).bytes(); // (1, H, W, 3)
      return new Picture(sample.width(), sample.height(), pixels.toBytes());
    }
  }

  private Picture drawn(
      FluxPipeline pipeline, String prompt, Optional<Picture> edited, Optional<Path> lora) {
    GenerationRequest request = request(prompt, edited, lora);
    PreparedImage image =
        new PreparedImage(
            new ImageRequest(request, 0, ""),
            edited
                .map(picture -> ImageInputs.of(request, picture, Optional.empty()))
                .orElseGet(ImageInputs::none),
            lora.stream().toList());
    GeneratedImage made = pipeline.generate(List.of(image), () -> false).images().get(0);
    return made instanceof GeneratedImage.Made picture ? picture.picture() : nothing();
  }

  private GenerationRequest request(String prompt, Optional<Picture> edited, Optional<Path> lora) {
    return new GenerationRequest(
        prompt,
        Optional.of(prompt),
        Optional.empty(),
        settings.trueCfgScale() > 1 ? Optional.of("") : Optional.empty(),
        settings.trueCfgScale(),
        edited.map(Picture::height).orElse(sizes.resolution()),
        edited.map(Picture::width).orElse(sizes.resolution()),
        settings.numInferenceSteps(),
        settings.guidanceScale(),
        SEED,
        1,
        sizes.maxSequenceLength(),
        new RequestInputs(
            edited.isPresent() ? Task.KONTEXT : Task.TEXT_TO_IMAGE,
            edited.map(picture -> new InputImage("", null, "")),
            Optional.empty(),
            Optional.empty(),
            1,
            false),
        lora.map(file -> new Lora(file.toString(), file.toString(), 1)).stream().toList(),
        Optional.empty(),
        Approximations.NONE);
  }

  /** White, where a picture was not finite. */
  private Picture nothing() {
    int side = sizes.resolution();
    byte[] rgb = new byte[3 * side * side];
    Arrays.fill(rgb, (byte) 255);
    return new Picture(side, side, rgb);
  }
}
