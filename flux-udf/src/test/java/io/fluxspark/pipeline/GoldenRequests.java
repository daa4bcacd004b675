package io.fluxspark.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.image.InputPictures;
import io.fluxspark.image.Picture;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputImage;
import io.fluxspark.request.Lora;
import io.fluxspark.request.PromptEmbeds;
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

  /** The same with what diffusers' encoders gave in place of their prompts. */
  static List<PreparedImage> withEmbeddings(String caseName) {
    List<PreparedImage> images = new ArrayList<>();
    try (GoldenTensors golden = new GoldenTensors(caseName)) {
      List<PreparedImage> texts = of(caseName);
      float[] hidden = golden.floats("t5_hidden"); // (B, L, Dt5)
      float[] pooled = golden.floats("clip_pooled"); // (B, Dclip)
      for (int i = 0; i < texts.size(); i++) {
        images.add(
            withEmbeddings(
                texts.get(i), part(hidden, i, texts.size()), part(pooled, i, texts.size())));
      }
    }
    return images;
  }

  private static PreparedImage withEmbeddings(PreparedImage image, byte[] hidden, byte[] pooled) {
    GenerationRequest text = image.request().request();
    GenerationRequest request =
        new GenerationRequest(
            text.id(),
            Optional.empty(),
            Optional.empty(),
            text.negativePrompt(),
            text.trueCfgScale(),
            text.height(),
            text.width(),
            text.numInferenceSteps(),
            text.guidanceScale(),
            text.seed(),
            1,
            text.maxSequenceLength(),
            text.inputs(),
            text.loras(),
            Optional.of(PromptEmbeds.of(hidden, pooled, text.maxSequenceLength())),
            Approximations.NONE);
    return new PreparedImage(
        new ImageRequest(request, 0, image.request().requestKey()),
        image.inputs(),
        image.loraFiles());
  }

  /** The same without its LoRAs, with another guidance scale. */
  static PreparedImage withoutLoras(PreparedImage image, double guidanceScale) {
    GenerationRequest lora = image.request().request();
    GenerationRequest request =
        new GenerationRequest(
            lora.id(),
            lora.prompt(),
            lora.prompt2(),
            lora.negativePrompt(),
            lora.trueCfgScale(),
            lora.height(),
            lora.width(),
            lora.numInferenceSteps(),
            guidanceScale,
            lora.seed(),
            1,
            lora.maxSequenceLength(),
            lora.inputs(),
            List.of(),
            Optional.empty(),
            Approximations.NONE);
    return new PreparedImage(
        new ImageRequest(request, 0, image.request().requestKey()), image.inputs(), List.of());
  }

  /** One of equal parts, as bytes of float32. */
  private static byte[] part(float[] all, int index, int count) {
    int size = all.length / count;
    byte[] bytes = new byte[size * Float.BYTES];
    PromptEmbeds.numbers(bytes).put(all, index * size, size);
    return bytes;
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
                task,
                input.map(path -> new InputImage(path.toString(), null, "")),
                Optional.empty(),
                Optional.empty(),
                json.path("strength").asDouble(1),
                false),
            lora.stream()
                .map(path -> new Lora(path.toString(), "", json.get("lora_scale").asDouble()))
                .toList(),
            Optional.empty(),
            new Approximations(0, 1, json.path("first_block_cache_threshold").asDouble(0)));
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
