package io.fluxspark.clip;

import static io.fluxspark.Failures.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.Golden;
import io.fluxspark.GoldenTensors;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.image.InputPictures;
import io.fluxspark.image.Picture;
import io.fluxspark.program.Device;
import io.fluxspark.program.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Against transformers' own numbers, see {@code src/test/python/make_clip_model.py}. */
class ClipScorerTest {
  private static final String CASE = "clip/cases/one";
  private static final int MOST_PIXELS = 10_000;

  private final List<String> prompts = new ArrayList<>();
  private final List<Picture> pictures = new ArrayList<>();

  ClipScorerTest() throws IOException {
    JsonNode golden = Golden.json(CASE + "/case.json");
    golden.get("prompts").forEach(prompt -> prompts.add(prompt.textValue()));
    for (int i = 0; i < golden.get("pictures").intValue(); i++) {
      byte[] file = Files.readAllBytes(Golden.path(CASE + "/" + i + ".png"));
      pictures.add(InputPictures.decode(file, MOST_PIXELS));
    }
  }

  @Test
  void picturesBecomeWhatTransformersMakesOfThem() {
    Preprocessing preprocessing = Preprocessing.read(Golden.path("clip"));
    try (GoldenTensors golden = new GoldenTensors(CASE)) {
      // Far less than the 0.015 that a byte's last bit makes here: every byte is Pillow's.
      golden.assertClose("pixel_values", joined(pictures.stream().map(preprocessing::pixels)));
    }
  }

  @Test
  void embeddingsAndScoresAreTransformers() {
    long before = TensorScope.openValues();
    try (GoldenTensors golden = new GoldenTensors(CASE);
        ClipScorer clip = ClipScorer.load(ClipFolder.open(Golden.path("clip")), Device.cpu());
        TensorScope scope = new TensorScope(Device.cpu())) {
      golden.assertClose(
          "image_embeds", joined(pictures.stream().map(p -> unit(clip.image(scope, p)))));
      golden.assertClose(
          "text_embeds", joined(prompts.stream().map(p -> unit(clip.text(scope, p)))));
      float[] scores = new float[pictures.size() * prompts.size()];
      for (int i = 0; i < scores.length; i++) {
        scores[i] =
            (float) clip.score(pictures.get(i / prompts.size()), prompts.get(i % prompts.size()));
      }
      golden.assertClose("scores", scores);
      // Some are at the bound, some are not.
      assertThat(scores).contains(0);
      assertThat(scores[prompts.size() + 1]).isGreaterThan(20);
    }
    assertThat(TensorScope.openValues()).isEqualTo(before);
  }

  @Test
  void aLoadThatFailsLeavesNothingOpen() {
    ClipFolder folder = ClipFolder.open(Golden.path("clip"));
    ClipFolder wrong =
        new ClipFolder(
            folder.path(),
            folder.text(),
            folder.vision(),
            folder.projectionDim() + 1,
            folder.preprocessing(),
            folder.checkpoint());
    long before = TensorScope.openValues();

    assertRefused(ErrorCode.INVALID_MODEL, () -> ClipScorer.load(wrong, Device.cpu()))
        .contains("visual_projection.weight");

    assertThat(TensorScope.openValues()).isEqualTo(before);
  }

  private static float[] unit(float[] vector) {
    double squares = 0;
    for (float number : vector) {
      squares += (double) number * number;
    }
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector[i] / Math.sqrt(squares));
    }
    return unit;
  }

  private static float[] joined(Stream<float[]> parts) {
    List<Float> all = new ArrayList<>();
    parts.forEach(
        part -> {
          for (float number : part) {
            all.add(number);
          }
        });
    float[] joined = new float[all.size()];
    for (int i = 0; i < joined.length; i++) {
      joined[i] = all.get(i);
    }
    return joined;
  }
}
