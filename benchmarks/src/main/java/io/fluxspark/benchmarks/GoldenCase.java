package io.fluxspark.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.image.InputPictures;
import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.ImageInputs;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputImage;
import io.fluxspark.request.Lora;
import io.fluxspark.request.RequestInputs;
import io.fluxspark.request.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A call of diffusers and the pictures that it gave.
 *
 * @param images one a seed
 * @param expected in the same order
 */
record GoldenCase(String name, List<PreparedImage> images, List<Picture> expected) {
  private static final int MAX_PIXELS = 1 << 20;

  GoldenCase {
    images = List.copyOf(images);
    expected = List.copyOf(expected);
  }

  /** Those of a pipeline folder, {@code FOLDER/cases/NAME}, by their names. */
  static List<GoldenCase> of(Path folder) throws IOException {
    try (Stream<Path> names = Files.list(folder.resolve("cases"))) {
      List<GoldenCase> cases = new ArrayList<>();
      for (Path path : names.sorted().toList()) {
        cases.add(read(path));
      }
      return cases;
    }
  }

  private static GoldenCase read(Path folder) throws IOException {
    JsonNode json = new ObjectMapper().readTree(folder.resolve("case.json").toFile());
    List<PreparedImage> images = new ArrayList<>();
    List<Picture> expected = new ArrayList<>();
    for (int i = 0; i < json.get("seeds").size(); i++) {
      images.add(image(folder, json, i));
      expected.add(picture(folder.resolve("expected_" + i + ".png")));
    }
    return new GoldenCase(folder.getFileName().toString(), images, expected);
  }

  private static PreparedImage image(Path folder, JsonNode json, int index) throws IOException {
    Optional<Path> input =
        Stream.of("input.png", "image.png", "control_image.png")
            .map(folder::resolve)
            .filter(Files::exists)
            .findFirst();
    List<Path> loras =
        json.has("lora") ? List.of(folder.resolve(json.get("lora").asText())) : List.of();
    GenerationRequest request =
        new GenerationRequest(
            Integer.toString(index),
            text(json, "prompt", index),
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
                task(json.get("pipeline").asText()),
                input.map(path -> new InputImage(path.toString(), null, "")),
                Optional.empty(),
                Optional.empty(),
                json.path("strength").asDouble(1),
                false),
            loras.stream()
                .map(path -> new Lora(path.toString(), "", json.get("lora_scale").asDouble()))
                .toList(),
            Optional.empty(),
            new Approximations(0, 1, json.path("first_block_cache_threshold").asDouble(0)));
    ImageInputs inputs =
        input.isPresent()
            ? ImageInputs.of(request, picture(input.get()), mask(folder))
            : ImageInputs.none();
    return new PreparedImage(new ImageRequest(request, 0, request.id()), inputs, loras);
  }

  private static Task task(String pipeline) {
    return switch (pipeline) {
      case "FluxPipeline" -> Task.TEXT_TO_IMAGE;
      case "FluxImg2ImgPipeline" -> Task.IMAGE_TO_IMAGE;
      case "FluxInpaintPipeline" -> Task.INPAINT;
      case "FluxKontextPipeline" -> Task.KONTEXT;
      default -> throw new IllegalArgumentException("no case of " + pipeline + " is known here");
    };
  }

  private static Optional<String> text(JsonNode json, String key, int index) {
    JsonNode value = json.path(key);
    JsonNode text = value.isArray() ? value.get(index) : value;
    return text.isTextual() ? Optional.of(text.asText()) : Optional.empty();
  }

  private static Optional<Picture> mask(Path folder) throws IOException {
    Path file = folder.resolve("mask_image.png");
    return Files.exists(file) ? Optional.of(picture(file)) : Optional.empty();
  }

  private static Picture picture(Path file) throws IOException {
    return InputPictures.decode(Files.readAllBytes(file), MAX_PIXELS);
  }
}
