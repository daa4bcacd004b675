package io.fluxspark.text;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The {@code tokenizer.json} that T5's SentencePiece model stands for. */
final class T5TokenizerJson {
  /** Sentinels of T5's training, behind the model's own pieces. */
  private static final int EXTRA_IDS = 100;

  /** T5's special tokens are padding, end and unknown, in this order. */
  private static final int UNKNOWN = 2;

  private static final String SPACE = "\u2581";

  private T5TokenizerJson() {}

  static ObjectNode build(Path file, SpecialTokens special) {
    SentencePieceModel model = SentencePieceModel.read(file);
    List<SentencePieceModel.Piece> pieces = new ArrayList<>(model.pieces());
    for (int extra = special.number("extra_ids", EXTRA_IDS) - 1; extra >= 0; extra--) {
      pieces.add(new SentencePieceModel.Piece("<extra_id_" + extra + ">", 0));
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", "1.0");
    ObjectNode unigram =
        json.putObject("model")
            .put("type", "Unigram")
            .put("unk_id", UNKNOWN)
            .put("byte_fallback", false);
    ArrayNode vocab = unigram.putArray("vocab");
    pieces.forEach(piece -> vocab.addArray().add(piece.text()).add((double) piece.score()));
    ArrayNode added = json.putArray("added_tokens");
    for (int id = 0; id <= UNKNOWN && id < pieces.size(); id++) {
      added.add(special.addedToken(pieces.get(id).text(), id));
    }
    if (model.charsMap().length > 0) {
      json.putObject("normalizer")
          .put("type", "Precompiled")
          .put("precompiled_charsmap", Base64.getEncoder().encodeToString(model.charsMap()));
    }
    ArrayNode steps =
        json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    steps.addObject().put("type", "WhitespaceSplit");
    steps
        .addObject()
        .put("type", "Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", "always")
        .put("split", true);
    putEndToken(json, special.content("eos_token", "</s>"), file);
    return json;
  }

  private static void putEndToken(ObjectNode json, String end, Path file) {
    long id = TokenizerFiles.idOf(file, json, end);
    ObjectNode processor = json.putObject("post_processor").put("type", "TemplateProcessing");
    putTemplate(processor.putArray("single"), List.of("A"), end);
    putTemplate(processor.putArray("pair"), List.of("A", "B"), end);
    ObjectNode token = processor.putObject("special_tokens").putObject(end).put("id", end);
    token.putArray("ids").add(id);
    token.putArray("tokens").add(end);
  }

  private static void putTemplate(ArrayNode template, List<String> sequences, String end) {
    for (String sequence : sequences) {
      template.addObject().putObject("Sequence").put("id", sequence).put("type_id", 0);
      template.addObject().putObject("SpecialToken").put("id", end).put("type_id", 0);
    }
  }
}
