package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageInputs;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.pipeline.StageSeconds;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.PromptEmbeds;
import io.fluxspark.request.TestRules;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Requests for pictures of 16 x 16, and the pictures. */
final class Requests {
  private static final int SIZE = 16;

  private Requests() {}

  /** Requests whose ids and keys are their numbers, from 0. */
  static List<PreparedImage> first(int count) {
    return IntStream.range(0, count)
        .mapToObj(number -> new PreparedImage(request(number), ImageInputs.none(), List.of()))
        .toList();
  }

  static ImageRequest request(int number) {
    return request(number, Optional.of("a fox"), Optional.empty());
  }

  /** One of embeddings in place of a prompt. */
  static ImageRequest withEmbeddings() {
    return request(
        0, Optional.empty(), Optional.of(PromptEmbeds.of(new byte[64 * 16], new byte[12], 64)));
  }

  private static ImageRequest request(
      int number, Optional<String> prompt, Optional<PromptEmbeds> embeds) {
    GenerationRequest request =
        new GenerationRequest(
            "id" + number,
            prompt,
            Optional.empty(),
            Optional.empty(),
            1,
            SIZE,
            SIZE,
            1,
            3.5,
            number,
            1,
            64,
            TestRules.noPictures(),
            List.of(),
            embeds,
            Approximations.NONE);
    return new ImageRequest(request, 0, "key" + number);
  }

  /** Each picture in one grey, its seed. */
  static GeneratedBatch painted(List<PreparedImage> batch) {
    return new GeneratedBatch(
        batch.stream().map(Requests::painted).toList(), new StageSeconds(2, 4, 8), batch.size());
  }

  private static GeneratedImage painted(PreparedImage image) {
    byte[] rgb = new byte[3 * SIZE * SIZE];
    Arrays.fill(rgb, (byte) image.request().seed());
    return new GeneratedImage.Made(
        new Picture(SIZE, SIZE, rgb), GeneratedImage.CutTokens.NONE, OptionalInt.empty());
  }

  static FluxSparkException failure(ErrorCode code) {
    return new FluxSparkException(code, "a failure for a test");
  }
}
