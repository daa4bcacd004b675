package io.fluxspark.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import io.fluxspark.image.InputPictures;
import io.fluxspark.image.Picture;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputImage;
import io.fluxspark.request.Lora;
import io.fluxspark.request.RequestInputs;
import io.fluxspark.request.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The golden cases' calls of diffusers as requests. */
final class GoldenRequests {
  private GoldenRequests() {}

  /** The pictures of a case, in their order. */
  static List<PreparedImage> of(String caseName) {
    JsonNode json = Golden.json(caseName + "/case.json");
    List<PreparedImage> images = new ArrayList<>();
    for (int i = 0; i < json.get("seeds").size(); i++) {
      images.add(image(caseName, json, i));
    }
    return images;
  }

  private static PreparedImage image(String caseName, JsonNode json, int index) {
    Optional<Path> lora =
        text(json, "lora", 0).map(file -> Golden.path(caseName + "/" + file).toAbsolutePath());
    Task task =
        switch (json.get("pipeline").asText()) {
          case "FluxImg2ImgPipeline" -> Task.IMAGE_TO_IMAGE;
          case "FluxInpaintPipeline" -> Task.INPAINT;
          case "FluxKontextPipeline" -> Task.KONTEXT;
          case "FluxFillPipeline" -> Task.FILL;
          case "FluxControlPipeline" -> Task.CONTROL;
          default -> Task.TEXT_TO_IMAGE;
        };
    Optional<Path> input =
        file(caseName, "input")
            .or(() -> file(caseName, "image"))
            .or(() -> file(caseName, "control_image"));
    Optional<Path> mask = file(caseName, "mask_image");
    GenerationRequest request =
        new GenerationRequest(
            Integer.toString(index),
            text(json, "prompt", index).orElseThrow(),
            text(json, "prompt_2", index),
            text(json, "negative_prompt", index),
            json.path("true_cfg_scale").asDouble(1),
            json.get("height").asInt(),
            json.get("width").asInt(),
            json.get("num_inference_steps").asInt(),
            json.get("guidance_scale").asDouble(),
            json.get("seeds").get(index).asLong(),
            1,
            json.get("max_sequence_length").asInt(),
            new RequestInputs(
                task,
                input.map(path -> new InputImage(path.toString(), null, "")),
                Optional.empty(),
                Optional.empty(),
                json.path("strength").asDouble(1),
                false),
            lora.stream()
                .map(path -> new Lora(path.toString(), "", json.get("lora_scale").asDouble()))
                .toList());
    ImageInputs inputs =
        input
            .map(path -> ImageInputs.of(request, decoded(path), mask.map(GoldenRequests::decoded)))
            .orElse(ImageInputs.none());
    return new PreparedImage(
        new ImageRequest(request, 0, "key-" + index), inputs, lora.stream().toList());
  }

  private static Optional<Path> file(String caseName, String name) {
    return Optional.of(Golden.path(caseName).resolve(name + ".png")).filter(Files::exists);
  }

  private static Picture decoded(Path file) {
    try {
      return InputPictures.decode(Files.readAllBytes(file), 1_000_000);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<String> text(JsonNode json, String key, int index) {
    JsonNode value = json.path(key);
    JsonNode text = value.isArray() ? value.get(index) : value;
    return text.isTextual() ? Optional.of(text.asText()) : Optional.empty();
  }
}
