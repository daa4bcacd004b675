package io.fluxspark.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A tokenizer of the {@code tokenizers} library, run by DJL. Cutting and padding are done here,
 * since their lengths change from batch to batch and the library keeps them as a setting. Safe for
 * use by several threads.
 */
final class FastTokenizer implements AutoCloseable {
  static {
    // beside a GPU, DJL would otherwise look for the tokenizers' own CUDA library on the network
    if (System.getProperty("ai.djl.offline") == null) {
      System.setProperty("ai.djl.offline", "true");
    }
  }

  private final HuggingFaceTokenizer tokenizer;
  private final long padTokenId;

  private FastTokenizer(HuggingFaceTokenizer tokenizer, long padTokenId) {
    this.tokenizer = tokenizer;
    this.padTokenId = padTokenId;
  }

  /**
   * @param file where the tokenizer comes from, for messages
   * @param json what {@code tokenizer.json} has; must put its end token behind every text
   */
  static FastTokenizer open(Path file, ObjectNode json, long padTokenId) {
    json.putNull("truncation");
    json.putNull("padding");
    byte[] bytes = json.toString().getBytes(StandardCharsets.UTF_8);
    HuggingFaceTokenizer tokenizer;
    try {
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(bytes), Map.of("truncation", "false", "padding", "false"));
    } catch (IOException | RuntimeException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL, file + ": no tokenizer can be made of it: " + firstLine(e), e);
    }
    FastTokenizer opened = new FastTokenizer(tokenizer, padTokenId);
    if (opened.ids("").length == 0) {
      opened.close();
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          file + ": its post_processor must put the end token behind every text");
    }
    return opened;
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /**
   * @return one row a text, each of {@code length} ids: the text's, cut so that its last id stays,
   *     then padding
   */
  TokenIds encode(List<String> texts, int length) {
    long[][] rows = new long[texts.size()][];
    int[] cut = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      long[] ids = ids(texts.get(i));
      rows[i] = fit(ids, length);
      cut[i] = Math.max(0, ids.length - length);
    }
    return new TokenIds(rows, cut);
  }

  private long[] ids(String text) {
    return tokenizer.encode(wellFormed(text), true, false).getIds();
  }

  /**
   * Half a surrogate pair is no character and has no UTF-8; the round trip puts a question mark in
   * its place.
   */
  private static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private long[] fit(long[] ids, int length) {
    long[] row = Arrays.copyOf(ids, length);
    if (ids.length > length) {
      row[length - 1] = ids[ids.length - 1];
    } else {
      Arrays.fill(row, ids.length, length, padTokenId);
    }
    return row;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
