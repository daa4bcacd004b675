package io.fluxspark.request;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** The embeddings that one row gives in place of texts, checked against what the model takes. */
record RowEmbeds(RowReader reader, EmbedDims dims) {
  /** Whether the row has any, right or wrong. */
  boolean areGiven() {
    return reader.has(RequestColumns.PROMPT_EMBEDS)
        || reader.has(RequestColumns.POOLED_PROMPT_EMBEDS);
  }

  /** Empty where the row has none, or where something is wrong with them. */
  Optional<PromptEmbeds> read(RequestDefaults used) {
    if (!areGiven()) {
      return Optional.empty();
    }
    refuseText(RequestColumns.PROMPT);
    refuseText(RequestColumns.PROMPT_2);
    Optional<byte[]> prompt =
        bytes(
            RequestColumns.PROMPT_EMBEDS, RequestColumns.POOLED_PROMPT_EMBEDS, this::promptVectors);
    Optional<byte[]> pooled =
        bytes(
            RequestColumns.POOLED_PROMPT_EMBEDS, RequestColumns.PROMPT_EMBEDS, this::pooledVector);
    if (prompt.isEmpty() || pooled.isEmpty()) {
      return Optional.empty();
    }
    int length = prompt.get().length / Float.BYTES / dims.jointAttentionDim();
    requireLength(length, used);
    return Optional.of(PromptEmbeds.of(prompt.get(), pooled.get(), length));
  }

  private void refuseText(String column) {
    if (reader.has(column)) {
      reader.problem(
          column, "is given beside embeddings, which take its place; one of them is needed");
    }
  }

  /** A job's default is for rows with texts. */
  private void requireLength(int length, RequestDefaults used) {
    String column = RequestColumns.MAX_SEQUENCE_LENGTH;
    if (reader.has(column) && !reader.isWrong(column) && used.maxSequenceLength() != length) {
      reader.problem(
          column,
          "is "
              + used.maxSequenceLength()
              + " beside prompt_embeds of "
              + length
              + " vectors, which count; null is needed");
    }
  }

  private Optional<byte[]> bytes(String column, String other, Function<Object, byte[]> read) {
    if (!reader.has(column)) {
      reader.problem(column, "is null; " + other + " needs it beside it");
      return Optional.empty();
    }
    try {
      return Optional.of(read.apply(reader.value(column)));
    } catch (IllegalArgumentException e) {
      reader.problem(column, e.getMessage());
      return Optional.empty();
    }
  }

  private byte[] promptVectors(Object value) {
    int width = dims.jointAttentionDim();
    String right = width + ", this model's joint_attention_dim, are needed";
    if (value instanceof byte[] given) {
      int vector = width * Float.BYTES;
      if (given.length % vector != 0) {
        throw wrong(
            "has %d bytes; %d a vector, of float32 numbers of which %s",
            given.length, vector, right);
      }
      requireSome(given.length / vector);
      return finite(given, width);
    }
    if (!(value instanceof List<?> vectors)) {
      throw wrong("is no list of lists of numbers, nor bytes of float32 numbers");
    }
    requireSome(vectors.size());
    byte[] bytes = new byte[Math.multiplyExact(vectors.size(), width * Float.BYTES)];
    FloatBuffer numbers = PromptEmbeds.numbers(bytes);
    for (Object vector : vectors) {
      int number = numbers.position() / width + 1;
      if (!(vector instanceof List<?> list)) {
        throw wrong("vector %d of %d is no list of numbers", number, vectors.size());
      }
      if (list.size() != width) {
        throw wrong(
            "vector %d of %d has %d numbers; %s", number, vectors.size(), list.size(), right);
      }
      put(numbers, list);
    }
    return finite(bytes, width);
  }

  private byte[] pooledVector(Object value) {
    int width = dims.pooledProjectionDim();
    String right = width + ", this model's pooled_projection_dim, are needed";
    if (value instanceof byte[] given) {
      if (given.length != width * Float.BYTES) {
        throw wrong(
            "has %d bytes; %d, of float32 numbers of which %s",
            given.length, width * Float.BYTES, right);
      }
      return finite(given, width);
    }
    if (!(value instanceof List<?> list)) {
      throw wrong("is no list of numbers, nor bytes of float32 numbers");
    }
    if (list.size() != width) {
      throw wrong("has %d numbers; %s", list.size(), right);
    }
    byte[] bytes = new byte[width * Float.BYTES];
    put(PromptEmbeds.numbers(bytes), list);
    return finite(bytes, width);
  }

  private static void requireSome(int vectors) {
    if (vectors < 1 || vectors > RequestLimits.MAX_SEQUENCE_LENGTH) {
      throw wrong("has %d vectors; 1 to %d are needed", vectors, RequestLimits.MAX_SEQUENCE_LENGTH);
    }
  }

  /** What is no number becomes one that is not finite, and is named with those. */
  private static void put(FloatBuffer numbers, List<?> vector) {
    for (Object number : vector) {
      numbers.put(number instanceof Number given ? given.floatValue() : Float.NaN);
    }
  }

  private static byte[] finite(byte[] bytes, int width) {
    FloatBuffer numbers = PromptEmbeds.numbers(bytes);
    while (numbers.hasRemaining()) {
      if (!Float.isFinite(numbers.get())) {
        int at = numbers.position() - 1;
        throw wrong("number %d of vector %d is no finite float32", at % width + 1, at / width + 1);
      }
    }
    return bytes;
  }

  private static IllegalArgumentException wrong(String problem, Object... values) {
    return new IllegalArgumentException(String.format(Locale.ROOT, problem, values));
  }
}
