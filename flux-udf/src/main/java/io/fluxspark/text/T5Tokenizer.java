package io.fluxspark.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.weights.JsonFiles;
import java.nio.file.Path;
import java.util.List;

/**
 * T5's tokenizer, with the ids of transformers' {@code T5TokenizerFast}. Safe for use by several
 * threads.
 */
public final class T5Tokenizer implements AutoCloseable {
  private static final String PAD = "<pad>";

  private final FastTokenizer tokenizer;

  private T5Tokenizer(FastTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Opens {@code FOLDER/tokenizer.json}, or, where there is none, {@code spiece.model}.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} when they are missing or
   *     damaged
   */
  public static T5Tokenizer open(Path folder) {
    TokenizerFiles.requireT5(folder);
    SpecialTokens special = SpecialTokens.read(folder);
    boolean ready = TokenizerFiles.hasTokenizerJson(folder);
    Path file =
        folder.resolve(ready ? TokenizerFiles.TOKENIZER_JSON : TokenizerFiles.SENTENCE_PIECE);
    ObjectNode json = ready ? JsonFiles.readObject(file) : T5TokenizerJson.build(file, special);
    long pad = TokenizerFiles.idOf(file, json, special.content("pad_token", PAD));
    return new T5Tokenizer(FastTokenizer.open(file, json, pad));
  }

  /**
   * @param maxSequenceLength ids of a row, at least 1
   * @return one row a text: its tokens as far as they fit, the end token, padding
   */
  public TokenIds encode(List<String> texts, int maxSequenceLength) {
    if (maxSequenceLength < 1) {
      throw new IllegalArgumentException(
          "max_sequence_length is " + maxSequenceLength + "; at least 1 is wanted");
    }
    return tokenizer.encode(texts, maxSequenceLength);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
