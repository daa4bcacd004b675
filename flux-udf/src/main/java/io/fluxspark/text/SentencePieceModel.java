package io.fluxspark.text;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.weights.JsonFiles;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * What a SentencePiece model file says, of what T5's tokenizer needs. The file is a protocol buffer
 * ({@code ModelProto} of SentencePiece's {@code sentencepiece_model.proto}).
 *
 * @param pieces in the order of their ids
 * @param charsMap the compiled normalization of characters; may be empty
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SentencePieceModel(List<Piece> pieces, byte[] charsMap) {
  record Piece(String text, float score) {}

  private static final int PIECES = 1;
  private static final int PIECE_TEXT = 1;
  private static final int PIECE_SCORE = 2;
  private static final int NORMALIZER = 3;
  private static final int NORMALIZER_CHARS_MAP = 2;

  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED_32 = 5;

  static SentencePieceModel read(Path file) {
    try {
      return parse(ByteBuffer.wrap(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw JsonFiles.unreadable(file, e);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL, file + ": is damaged or no SentencePiece model", e);
    }
  }

  private static SentencePieceModel parse(ByteBuffer model) {
    List<Piece> pieces = new ArrayList<>();
    byte[][] charsMap = {new byte[0]};
    forEachField(
        model,
        (number, value) -> {
          if (number == PIECES) {
            pieces.add(piece(value));
          } else if (number == NORMALIZER) {
            forEachField(
                value,
                (inner, bytes) ->
                    charsMap[0] = inner == NORMALIZER_CHARS_MAP ? bytes(bytes) : charsMap[0]);
          }
        });
    if (pieces.isEmpty()) {
      throw new IllegalArgumentException("no pieces");
    }
    return new SentencePieceModel(pieces, charsMap[0]);
  }

  private static Piece piece(ByteBuffer message) {
    String[] text = {""};
    float[] score = {0};
    forEachField(
        message,
        (number, value) -> {
          if (number == PIECE_TEXT) {
            text[0] = new String(bytes(value), StandardCharsets.UTF_8);
          } else if (number == PIECE_SCORE) {
            score[0] = value.getFloat();
          }
        });
    return new Piece(text[0], score[0]);
  }

  /** Gives each field's number and the bytes of its value. */
  private static void forEachField(ByteBuffer message, BiConsumer<Integer, ByteBuffer> field) {
    while (message.hasRemaining()) {
      long tag = varint(message);
      int start = message.position();
      int length =
          switch ((int) (tag & 7)) {
            case VARINT -> {
              varint(message);
              yield message.position() - start;
            }
            case FIXED_64 -> Long.BYTES;
            case FIXED_32 -> Integer.BYTES;
            case BYTES -> {
              long size = varint(message);
              start = message.position();
              yield (int) Math.min(size & Long.MAX_VALUE, Integer.MAX_VALUE);
            }
            default -> throw new IllegalArgumentException("wire type " + (tag & 7));
          };
      if (length > message.limit() - start) {
        throw new BufferUnderflowException();
      }
      field.accept((int) (tag >>> 3), message.slice(start, length).order(ByteOrder.LITTLE_ENDIAN));
      message.position(start + length);
    }
  }

  private static long varint(ByteBuffer bytes) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = bytes.get();
      value |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number is too long");
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
