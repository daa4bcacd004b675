package io.fluxspark.pipeline;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.DeviceCopy;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Opened;
import io.fluxspark.program.TensorLists;
import io.fluxspark.program.TensorScope;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.ClipTokenizer;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.text.T5Tokenizer;
import io.fluxspark.text.TokenIds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Texts to what the transformer is told of them. A text that was encoded lately is not encoded
 * again. Several threads may use it at once.
 *
 * <p>Each text is encoded by itself: products of matrices of other sizes may differ in the last
 * bits, and a picture must not depend on which of its neighbours' texts were known.
 */
final class TextEncoding implements AutoCloseable {
  /**
   * Of the host's memory: 64 of FLUX.1's texts of 512 tokens in bfloat16, 32 in float32. Pictures
   * of one text are neighbours in a run, so that what all tasks of an executor have on the way fits
   * well.
   */
  private static final long MOST_BYTES = 256L << 20;

  private final ClipTokenizer clipTokenizer;
  private final T5Tokenizer t5Tokenizer;
  private final ClipTextEncoder clip;
  private final T5Encoder t5;
  private final Opened opened = new Opened();
  private final TensorLists lists = opened.add(new TensorLists(Device.cpu()));
  private final DeviceCopy copies = opened.add(new DeviceCopy());
  private final TextCache cache = opened.add(new TextCache(MOST_BYTES));

  /** The parts stay the caller's, and must stay open as long as this. */
  TextEncoding(
      ClipTokenizer clipTokenizer, T5Tokenizer t5Tokenizer, ClipTextEncoder clip, T5Encoder t5) {
    this.clipTokenizer = clipTokenizer;
    this.t5Tokenizer = t5Tokenizer;
    this.clip = clip;
    this.t5 = t5;
  }

  /**
   * The texts of a batch.
   *
   * @param pooled CLIP's, (B, Dclip), float32
   * @param hidden T5's, (B, L, Dt5), float32
   * @param clipCut tokens of each text that CLIP did not see
   * @param t5Cut tokens of each text that T5 did not see
   * @param encoded how many texts the encoders were asked for
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Encoded(
      NativeTensor pooled, NativeTensor hidden, int[] clipCut, int[] t5Cut, int encoded) {}

  /**
   * Encodes a batch.
   *
   * @param clipTexts what CLIP reads, (B)
   * @param t5Texts what T5 reads, (B)
   * @param length L
   */
  Encoded encode(TensorScope owner, List<String> clipTexts, List<String> t5Texts, int length) {
    TokenIds clipIds = clipTokenizer.encode(clipTexts);
    TokenIds t5Ids = t5Tokenizer.encode(t5Texts, length);
    try (Opened leases = new Opened()) {
      Map<TextCache.Key, TextCache.Lease> distinct = new LinkedHashMap<>();
      List<TextCache.Text> batch = new ArrayList<>();
      for (int i = 0; i < clipTexts.size(); i++) {
        long[] clipText = clipIds.ids()[i];
        long[] t5Text = t5Ids.ids()[i];
        batch.add(
            distinct
                .computeIfAbsent(
                    TextCache.Key.of(clipText, t5Text),
                    key ->
                        leases.add(
                            cache.lease(
                                key, host -> encode(host, owner.device(), clipText, t5Text))))
                .text());
      }
      return new Encoded(
          joined(owner, batch.stream().map(TextCache.Text::pooled).toList()), // (B, Dclip)
          joined(owner, batch.stream().map(TextCache.Text::hidden).toList()), // (B, L, Dt5)
          clipIds.cut(),
          t5Ids.cut(),
          (int) distinct.values().stream().filter(TextCache.Lease::isNew).count());
    }
  }

  private TextCache.Text encode(TensorScope host, Device device, long[] clipIds, long[] t5Ids) {
    try (TensorScope scope = new TensorScope(device)) {
      NativeTensor pooled = clip.pooled(scope, new long[][] {clipIds}); // (1, Dclip)
      NativeTensor hidden = t5.encode(scope, new long[][] {t5Ids}); // (1, L, Dt5)
      return new TextCache.Text(
          kept(host, pooled, DataType.FLOAT32),
          kept(host, hidden, t5.type()), // float32 of numbers that have this type
          bytes(pooled, DataType.FLOAT32) + bytes(hidden, t5.type()));
    }
  }

  private NativeTensor kept(TensorScope host, NativeTensor x, DataType type) {
    try (TensorScope temporary = new TensorScope(host.device())) {
      return lists.joined(host, List.of(copies.copy(temporary, x)), 0, 1, type);
    }
  }

  private NativeTensor joined(TensorScope owner, List<NativeTensor> rows) {
    try (TensorScope temporary = new TensorScope(Device.cpu())) {
      return copies.copy(owner, lists.joined(temporary, rows, 0, 1, DataType.FLOAT32));
    }
  }

  private static long bytes(NativeTensor x, DataType type) {
    long bytes = type.bytes();
    for (long size : x.shape()) {
      bytes *= size;
    }
    return bytes;
  }

  @Override
  public void close() {
    opened.close();
  }
}
