package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.ModelCost;
import io.fluxspark.pipeline.ModelMemory;
import io.fluxspark.pipeline.Offload;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.pipeline.StageSeconds;
import io.fluxspark.program.DataType;
import io.fluxspark.request.Bucket;
import io.fluxspark.request.Conditioning;
import io.fluxspark.request.EmbedDims;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.spark.Model;
import io.fluxspark.spark.ModelKey;
import io.fluxspark.spark.ModelLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** A model that paints each picture in one grey, which follows from its seed. */
record ConstantPictures() implements ModelLoader {
  /** Prompts with this in them give latents that are not finite. */
  static final String NOT_FINITE = "(not finite)";

  /** Prompts with this in them need more memory than there is. */
  static final String TOO_LARGE = "(too large)";

  static final RequestDefaults DEFAULTS = new RequestDefaults(32, 48, 2, 3.5, 64, 0.6);

  static final EmbedDims EMBED_DIMS = new EmbedDims(4, 3);

  static final AtomicInteger LOADS = new AtomicInteger();

  /** How many pictures were asked for. */
  static final AtomicInteger TRIES = new AtomicInteger();

  /** Its model, under any name. */
  static Model open(ModelSource source) {
    return new Model(
        source.location(),
        "constant",
        "0123456789abcdef",
        "mit",
        Conditioning.NONE,
        EMBED_DIMS,
        Map.of(),
        DEFAULTS,
        true,
        new Cost(),
        new ConstantPictures());
  }

  /** A gigaflop a step, a megabyte a picture. */
  private record Cost() implements ModelCost {
    @Override
    public double denoisingFlops(Bucket bucket) {
      return 1e9 * bucket.transformerCalls();
    }

    @Override
    public double reusedFlops(Bucket bucket) {
      return 0;
    }

    @Override
    public ModelMemory memory(Bucket bucket, int batchSize, DataType type, Set<Offload> offload) {
      return new ModelMemory(0, 0, batchSize * 1_000_000L, 0, 0);
    }
  }

  @Override
  public ImageGenerator load(ModelKey key) {
    LOADS.incrementAndGet();
    return new Painter();
  }

  private static final class Painter implements ImageGenerator {
    @Override
    public GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier cancelled) {
      TRIES.addAndGet(batch.size());
      List<GeneratedImage> images = new ArrayList<>();
      for (PreparedImage prepared : batch) {
        ImageRequest image = prepared.request();
        String prompt = image.request().prompt().orElse("");
        if (prompt.contains(TOO_LARGE)) {
          throw new FluxSparkException(ErrorCode.OUT_OF_MEMORY, "too large");
        }
        images.add(
            prompt.contains(NOT_FINITE)
                ? new GeneratedImage.Failed(
                    new FluxSparkException(ErrorCode.NOT_FINITE, "the latents are not finite"))
                : new GeneratedImage.Made(
                    paint(image), GeneratedImage.CutTokens.NONE, OptionalInt.empty()));
      }
      return new GeneratedBatch(images, new StageSeconds(0.5, 1, 0.25), batch.size());
    }

    private static Picture paint(ImageRequest image) {
      int height = image.request().height();
      int width = image.request().width();
      byte[] rgb = new byte[3 * height * width];
      Arrays.fill(rgb, (byte) image.seed());
      return new Picture(width, height, rgb);
    }

    @Override
    public void close() {}
  }
}
