package io.fluxspark.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.weights.JsonFiles;
import java.nio.file.Path;
import java.util.List;

/**
 * CLIP's tokenizer, with the ids of transformers' {@code CLIPTokenizer}. Safe for use by several
 * threads.
 */
public final class ClipTokenizer implements AutoCloseable {
  private static final int CLIP_LENGTH = 77;

  private final FastTokenizer tokenizer;
  private final int length;

  private ClipTokenizer(FastTokenizer tokenizer, int length) {
    this.tokenizer = tokenizer;
    this.length = length;
  }

  /**
   * Opens {@code FOLDER/tokenizer.json}, or, where there is none, {@code vocab.json} and {@code
   * merges.txt}.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} when they are missing or
   *     damaged
   */
  public static ClipTokenizer open(Path folder) {
    TokenizerFiles.requireClip(folder);
    SpecialTokens special = SpecialTokens.read(folder);
    boolean ready = TokenizerFiles.hasTokenizerJson(folder);
    Path file = folder.resolve(ready ? TokenizerFiles.TOKENIZER_JSON : TokenizerFiles.VOCAB);
    ObjectNode json = ready ? JsonFiles.readObject(file) : ClipTokenizerJson.build(folder, special);
    long pad = TokenizerFiles.idOf(file, json, special.content("pad_token", ClipTokenizerJson.END));
    int length = special.modelMaxLength(folder, CLIP_LENGTH);
    return new ClipTokenizer(FastTokenizer.open(file, json, pad), length);
  }

  /** Tokens of a row, 77 in CLIP. */
  public int length() {
    return length;
  }

  /**
   * @return one row a text, each of {@link #length()} ids: the start token, the text's tokens as
   *     far as they fit, the end token, padding
   */
  public TokenIds encode(List<String> texts) {
    return tokenizer.encode(texts, length);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
