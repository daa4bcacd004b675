package io.fluxspark.training;

import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Opened;
import io.fluxspark.program.TensorScope;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.ClipTokenizer;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.text.T5Tokenizer;
import io.fluxspark.vae.Vae;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/** Runs what is not trained: pictures and captions to examples. Used by one thread at a time. */
public final class ExampleEncoder implements AutoCloseable {
  private static final float[] NO_FLOATS = {};
  private static final long[] NO_LONGS = {};
  private static final byte[] NO_BYTES = {};

  private final Opened opened = new Opened();
  private final Device device;
  private final Subject subject;
  private final int maxSequenceLength;
  private final Framing framing;
  private Vae vae;
  private ClipTokenizer clipTokenizer;
  private T5Tokenizer t5Tokenizer;
  private ClipTextEncoder clip;
  private T5Encoder t5;

  private ExampleEncoder(ModelFolder folder, Subject subject, Sizes sizes, Device device) {
    this.device = device;
    this.subject = subject;
    this.maxSequenceLength = sizes.maxSequenceLength();
    this.framing = new Framing(sizes.resolution(), 2 * folder.vaeConfig().scaleFactor());
  }

  /**
   * How large examples are.
   *
   * @param resolution side of a square picture, pixels; pictures of other shapes have about as many
   *     pixels
   * @param maxSequenceLength T5 tokens of a caption
   */
  public record Sizes(int resolution, int maxSequenceLength) implements Serializable {}

  /** Loads what is needed of a folder. */
  public static ExampleEncoder load(
      ModelFolder folder, Subject subject, Sizes sizes, Device device, DataType type) {
    ExampleEncoder encoder = new ExampleEncoder(folder, subject, sizes, device);
    try {
      encoder.loadParts(folder, type);
      return encoder;
    } catch (RuntimeException | Error e) {
      encoder.close();
      throw e;
    }
  }

  private void loadParts(ModelFolder folder, DataType type) {
    if (subject == Subject.VAE) {
      return;
    }
    vae = opened.add(Vae.load(folder.vaeConfig(), folder.vae(), device, type));
    clipTokenizer = opened.add(ClipTokenizer.open(folder.tokenizer()));
    t5Tokenizer = opened.add(T5Tokenizer.open(folder.tokenizer2()));
    if (subject == Subject.TRANSFORMER) {
      clip =
          opened.add(
              ClipTextEncoder.load(folder.textEncoderConfig(), folder.textEncoder(), device, type));
      t5 =
          opened.add(
              T5Encoder.load(folder.textEncoder2Config(), folder.textEncoder2(), device, type));
    }
  }

  /**
   * An example; the picture is brought to its size first.
   *
   * @param edited the picture that is edited, as FLUX.1-Kontext is shown it; brought to the size of
   *     the other
   */
  public Example encode(String id, Picture given, Optional<Picture> edited, String caption) {
    Picture picture = framing.frame(given);
    if (subject == Subject.VAE) {
      return new Example(
          id,
          picture.width(),
          picture.height(),
          picture.rgb(),
          NO_FLOATS,
          NO_FLOATS,
          NO_FLOATS,
          NO_LONGS,
          NO_LONGS,
          NO_FLOATS,
          NO_FLOATS);
    }
    try (TensorScope temporary = new TensorScope(device)) {
      Vae.Moments moments = moments(temporary, picture);
      float[] condition =
          edited
              .map(other -> Framing.cover(other, picture.width(), picture.height()))
              .map(other -> moments(temporary, other).mean().toFloats())
              .orElse(NO_FLOATS);
      return withText(
          temporary,
          id,
          picture.width(),
          picture.height(),
          moments.mean().toFloats(),
          moments.logVariance().toFloats(),
          condition,
          caption);
    }
  }

  private Vae.Moments moments(TensorScope owner, Picture picture) {
    NativeTensor bytes = owner.bytes(picture.rgb(), 1, picture.height(), picture.width(), 3);
    return vae.encode(owner, vae.values(owner, bytes));
  }

  /** The empty caption, as an example without a picture. */
  public Example empty() {
    try (TensorScope temporary = new TensorScope(device)) {
      return withText(temporary, "", 0, 0, NO_FLOATS, NO_FLOATS, NO_FLOATS, "");
    }
  }

  private Example withText(
      TensorScope temporary,
      String id,
      int width,
      int height,
      float[] mean,
      float[] logVariance,
      float[] condition,
      String caption) {
    long[][] clipIds = clipTokenizer.encode(List.of(caption)).ids();
    long[][] t5Ids = t5Tokenizer.encode(List.of(caption), maxSequenceLength).ids();
    boolean isEncoded = clip != null;
    return new Example(
        id,
        width,
        height,
        NO_BYTES,
        mean,
        logVariance,
        condition,
        isEncoded ? NO_LONGS : clipIds[0],
        isEncoded ? NO_LONGS : t5Ids[0],
        isEncoded ? clip.pooled(temporary, clipIds).toFloats() : NO_FLOATS,
        isEncoded ? t5.encode(temporary, t5Ids).toFloats() : NO_FLOATS);
  }

  @Override
  public void close() {
    opened.close();
  }
}
