package io.fluxspark.text;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.weights.JsonFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * The {@code tokenizer.json} that CLIP's published {@code vocab.json} and {@code merges.txt} stand
 * for: text is normalized (NFC, runs of white space become one space, lower case), split into
 * words, single digits and runs of other signs, spelled in bytes, and merged pair by pair; the last
 * byte of a word is marked.
 */
final class ClipTokenizerJson {
  static final String START = "<|startoftext|>";
  static final String END = "<|endoftext|>";

  private static final String WORD_END = "</w>";

  /** CLIP's own words; whatever it does not match is white space and goes away. */
  private static final String WORDS =
      "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  private ClipTokenizerJson() {}

  static ObjectNode build(Path folder, SpecialTokens special) {
    Path vocabFile = folder.resolve(TokenizerFiles.VOCAB);
    ObjectNode vocab = JsonFiles.readObject(vocabFile);
    String start = special.content("bos_token", START);
    String end = special.content("eos_token", END);
    String unknown = special.content("unk_token", END);

    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", "1.0");
    ArrayNode addedTokens = json.putArray("added_tokens");
    Stream.of(start, end, unknown, special.content("pad_token", END))
        .distinct()
        .map(content -> special.addedToken(content, idOf(vocabFile, vocab, content)))
        .sorted(Comparator.comparingLong(token -> token.get("id").asLong()))
        .forEach(addedTokens::add);
    putNormalizer(json);
    putPreTokenizer(json);
    ObjectNode postProcessor = json.putObject("post_processor").put("type", "RobertaProcessing");
    postProcessor.putArray("sep").add(end).add(idOf(vocabFile, vocab, end));
    postProcessor.putArray("cls").add(start).add(idOf(vocabFile, vocab, start));
    postProcessor.put("trim_offsets", false).put("add_prefix_space", false);
    ObjectNode model = json.putObject("model").put("type", "BPE");
    model
        .put("unk_token", unknown)
        .put("continuing_subword_prefix", "")
        .put("end_of_word_suffix", WORD_END);
    model.put("fuse_unk", false).put("byte_fallback", false);
    model.set("vocab", vocab);
    model.set("merges", merges(folder.resolve(TokenizerFiles.MERGES)));
    return json;
  }

  private static void putNormalizer(ObjectNode json) {
    ArrayNode steps = json.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    steps.addObject().put("type", "NFC");
    steps
        .addObject()
        .put("type", "Replace")
        .put("content", " ")
        .putObject("pattern")
        .put("Regex", "\\s+");
    steps.addObject().put("type", "Lowercase");
  }

  private static void putPreTokenizer(ObjectNode json) {
    ArrayNode steps =
        json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    ObjectNode words =
        steps.addObject().put("type", "Split").put("behavior", "Removed").put("invert", true);
    words.putObject("pattern").put("Regex", WORDS);
    steps
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }

  private static ArrayNode merges(Path file) {
    ArrayNode merges = JsonNodeFactory.instance.arrayNode();
    String[] lines;
    try {
      lines = Files.readString(file, StandardCharsets.UTF_8).split("\r?\n");
    } catch (IOException e) {
      throw JsonFiles.unreadable(file, e);
    }
    for (int i = 0; i < lines.length; i++) {
      boolean comment = i == 0 && lines[i].startsWith("#version");
      if (comment || lines[i].isEmpty()) {
        continue;
      }
      int space = lines[i].indexOf(' ');
      if (space < 1 || space == lines[i].length() - 1 || lines[i].indexOf(' ', space + 1) >= 0) {
        throw new FluxSparkException(
            ErrorCode.INVALID_MODEL,
            file
                + ": line "
                + (i + 1)
                + " is "
                + JsonFiles.quoted(lines[i])
                + "; two tokens with a space between are wanted");
      }
      merges.add(lines[i]);
    }
    return merges;
  }

  private static long idOf(Path file, ObjectNode vocab, String content) {
    if (!vocab.path(content).isIntegralNumber()) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL, file + ": token " + JsonFiles.quoted(content) + " is lacking");
    }
    return vocab.path(content).asLong();
  }
}
