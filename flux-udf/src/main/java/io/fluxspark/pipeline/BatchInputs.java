package io.fluxspark.pipeline;

import io.fluxspark.image.Picture;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.request.Bucket;
import io.fluxspark.sampling.Latents;
import io.fluxspark.sampling.Schedule;
import io.fluxspark.sampling.Velocity;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.vae.Vae;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What a batch's pictures are for the sampler: where it starts, what the transformer is shown, and
 * what is kept. Which random numbers are drawn, and in which order, is diffusers' own for each of
 * its pipelines.
 *
 * @param start the sample that the schedule begins with, (B, S, C)
 * @param schedule the steps that are made
 * @param grids positions of all image tokens
 * @param shown makes of the transformer's velocity that of the sample
 */
record BatchInputs(
    NativeTensor start,
    Schedule schedule,
    List<Rotary.Grid> grids,
    UnaryOperator<Velocity> shown,
    Latents.AfterStep afterStep) {

  /** Of requests of one bucket whose inputs are of one shape. */
  static BatchInputs of(
      FluxModel model, TensorScope owner, List<PreparedImage> batch, Bucket bucket) {
    return new Maker(model, owner, batch, bucket).make();
  }

  private static final class Maker {
    private final FluxModel model;
    private final Latents latents;
    private final Vae vae;
    private final TensorScope owner;
    private final List<PreparedImage> batch;
    private final Bucket bucket;
    private final Rotary.Grid grid;
    private final Schedule schedule;

    private Maker(FluxModel model, TensorScope owner, List<PreparedImage> batch, Bucket bucket) {
      this.model = model;
      this.latents = model.latents();
      this.vae = model.vae();
      this.owner = owner;
      this.batch = batch;
      this.bucket = bucket;
      this.grid = grid(0, bucket.height(), bucket.width());
      this.schedule =
          Schedule.of(
                  model.folder().scheduleConfig(),
                  bucket.numInferenceSteps(),
                  grid.rows() * grid.columns())
              .from(bucket.firstStep());
    }

    private Rotary.Grid grid(int index, int height, int width) {
      int token = 2 * model.folder().vaeConfig().scaleFactor();
      return new Rotary.Grid(index, height / token, width / token);
    }

    BatchInputs make() {
      return switch (bucket.task()) {
        case TEXT_TO_IMAGE -> of(packed(noise(1).get(0)), UnaryOperator.identity());
        case IMAGE_TO_IMAGE -> of(imageToImage().start(), UnaryOperator.identity());
        case INPAINT -> inpaint();
        case KONTEXT -> kontext();
        case FILL -> fill();
        case CONTROL -> control();
      };
    }

    private BatchInputs of(NativeTensor start, UnaryOperator<Velocity> shown) {
      return new BatchInputs(start, schedule, List.of(grid), shown, Latents.AfterStep.NOTHING);
    }

    /** The picture's latent, the noise, and the one noised with the other; each (B, S, C). */
    private record Noised(NativeTensor image, NativeTensor noise, NativeTensor start) {}

    /** The first draw is for the picture's latent, the second is the noise. */
    private Noised imageToImage() {
      return noised(noise(2));
    }

    private Noised noised(List<NativeTensor> drawn) {
      NativeTensor image = packed(vae.sampled(owner, images(), drawn.get(0))); // (B, S, C)
      NativeTensor noise = packed(drawn.get(1)); // (B, S, C)
      return new Noised(image, noise, latents.noised(owner, image, noise, schedule.sigmas()[0]));
    }

    private BatchInputs inpaint() {
      Noised noised = imageToImage();
      NativeTensor mask = packed(vae.maskLatent(owner, masks())); // (B, S, C)
      return new BatchInputs(
          noised.start(),
          schedule,
          List.of(grid),
          UnaryOperator.identity(),
          latents.keeping(mask, noised.image(), noised.noise()));
    }

    private BatchInputs kontext() {
      Picture first = batch.get(0).inputs().image().orElseThrow();
      NativeTensor tokens = packed(vae.mode(owner, images())); // (B, S', C)
      return new BatchInputs(
          packed(noise(1).get(0)),
          schedule,
          List.of(grid, grid(1, first.height(), first.width())),
          velocity -> latents.besides(velocity, tokens),
          Latents.AfterStep.NOTHING);
    }

    /** The third draw is for the latent of the picture without what is under the mask. */
    private BatchInputs fill() {
      List<NativeTensor> drawn = noise(3);
      NativeTensor start = noised(drawn).start(); // (B, S, C)
      NativeTensor mask = masks(); // (B, 1, H, W)
      NativeTensor left = vae.masked(owner, images(), mask); // (B, 3, H, W)
      NativeTensor channels =
          latents.channels(
              owner,
              packed(vae.sampled(owner, left, drawn.get(2))),
              packed(vae.maskChannels(owner, mask))); // (B, S, C + 4 f f)
      return of(start, velocity -> latents.deeper(velocity, channels));
    }

    /** The first draw is for the latent of the control picture, the second is the noise. */
    private BatchInputs control() {
      List<NativeTensor> drawn = noise(2);
      NativeTensor channels = packed(vae.sampled(owner, images(), drawn.get(0))); // (B, S, C)
      return of(packed(drawn.get(1)), velocity -> latents.deeper(velocity, channels));
    }

    private List<NativeTensor> noise(int draws) {
      return latents.noise(
          owner,
          batch.stream().mapToLong(image -> image.request().seed()).toArray(),
          draws,
          model.folder().vaeConfig().latentChannels(),
          grid.rows(),
          grid.columns()); // each (B, C, 2 h, 2 w)
    }

    private NativeTensor packed(NativeTensor latent) {
      return latents.pack(owner, latent); // (B, S, 4 C)
    }

    /** The batch's pictures, (B, 3, H, W), -1 to 1. */
    private NativeTensor images() {
      List<Picture> pictures =
          batch.stream().map(image -> image.inputs().image().orElseThrow()).toList();
      Picture first = pictures.get(0);
      byte[] bytes = joined(pictures.stream().map(Picture::rgb).toList());
      try (TensorScope temporary = new TensorScope(owner.device())) {
        return vae.values(
            owner, temporary.bytes(bytes, batch.size(), first.height(), first.width(), 3));
      }
    }

    /** The batch's masks, (B, 1, H, W), 0 or 1. */
    private NativeTensor masks() {
      byte[] bytes = joined(batch.stream().map(image -> image.inputs().mask()).toList());
      try (TensorScope temporary = new TensorScope(owner.device())) {
        return vae.mask(
            owner, temporary.bytes(bytes, batch.size(), 1, bucket.height(), bucket.width()));
      }
    }

    private static byte[] joined(List<byte[]> parts) {
      int size = parts.stream().mapToInt(part -> part.length).reduce(0, Math::addExact);
      byte[] all = new byte[size];
      int at = 0;
      for (byte[] part : parts) {
        System.arraycopy(part, 0, all, at, part.length);
        at += part.length;
      }
      return all;
    }
  }
}
