package io.fluxspark.training;

import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageInputs;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.Lora;
import io.fluxspark.request.RequestInputs;
import io.fluxspark.request.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
   * A sheet of all prompts, as a PNG file.
   *
   * @param folder of the model
   * @param lora what the model is drawn with
   */
  byte[] draw(Path folder, Optional<Path> lora) {
    List<Picture> pictures = new ArrayList<>();
    try (FluxPipeline pipeline = FluxPipeline.load(ModelFolder.open(folder), device, type)) {
      for (String prompt : settings.prompts()) {
        PreparedImage image =
            new PreparedImage(
                new ImageRequest(request(prompt, lora), 0, ""),
                ImageInputs.none(),
                lora.stream().toList());
        GeneratedImage made = pipeline.generate(List.of(image), () -> false).images().get(0);
        pictures.add(made instanceof GeneratedImage.Made picture ? picture.picture() : nothing());
      }
    }
    int columns = (int) Math.ceil(Math.sqrt(pictures.size()));
    return Samples.sheet(
        pictures, columns, Map.of("prompts", String.join("\n", settings.prompts())));
  }

  private GenerationRequest request(String prompt, Optional<Path> lora) {
    return new GenerationRequest(
        prompt,
        Optional.of(prompt),
        Optional.empty(),
        settings.trueCfgScale() > 1 ? Optional.of("") : Optional.empty(),
        settings.trueCfgScale(),
        sizes.resolution(),
        sizes.resolution(),
        settings.numInferenceSteps(),
        settings.guidanceScale(),
        SEED,
        1,
        sizes.maxSequenceLength(),
        new RequestInputs(
            Task.TEXT_TO_IMAGE, Optional.empty(), Optional.empty(), Optional.empty(), 1, false),
        lora.map(file -> new Lora(file.toString(), file.toString(), 1)).stream().toList(),
        Optional.empty());
  }

  /** White, where a picture was not finite. */
  private Picture nothing() {
    int side = sizes.resolution();
    byte[] rgb = new byte[3 * side * side];
    Arrays.fill(rgb, (byte) 255);
    return new Picture(side, side, rgb);
  }
}
