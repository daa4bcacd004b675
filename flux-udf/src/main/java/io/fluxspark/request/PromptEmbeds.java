package io.fluxspark.request;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Objects;

/**
 * What a row gives in place of texts: embeddings as the text encoders would make them. Numbers are
 * float32, little-endian, the last axis fastest.
 *
 * @param prompt T5's vectors, (L, joint_attention_dim); not copied
 * @param pooled CLIP's vector, (pooled_projection_dim); not copied
 * @param length L, at least 1
 * @param promptSha256 of the bytes of {@code prompt}, hexadecimal
 * @param pooledSha256 of the bytes of {@code pooled}, hexadecimal
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; it may have megabytes
public record PromptEmbeds(
    byte[] prompt, byte[] pooled, int length, String promptSha256, String pooledSha256) {
  public PromptEmbeds {
    Objects.requireNonNull(promptSha256, "promptSha256");
    Objects.requireNonNull(pooledSha256, "pooledSha256");
    if (length < 1 || prompt.length == 0 || prompt.length % (length * Float.BYTES) != 0) {
      throw new IllegalArgumentException(length + " vectors in " + prompt.length + " bytes");
    }
    if (pooled.length == 0 || pooled.length % Float.BYTES != 0) {
      throw new IllegalArgumentException("a pooled vector of " + pooled.length + " bytes");
    }
  }

  /**
   * Embeddings by their numbers.
   *
   * @param prompt (L, joint_attention_dim); not copied
   * @param pooled (pooled_projection_dim); not copied
   * @param length L
   */
  public static PromptEmbeds of(byte[] prompt, byte[] pooled, int length) {
    return new PromptEmbeds(
        prompt, pooled, length, CanonicalJson.sha256(prompt), CanonicalJson.sha256(pooled));
  }

  /** The numbers of {@link #prompt} or {@link #pooled}. */
  public static FloatBuffer numbers(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  /** What names T5's vectors in a request's identity: their shape and content. */
  String promptIdentity() {
    return length + "x" + prompt.length / length / Float.BYTES + ":" + promptSha256;
  }

  /** The same of CLIP's vector. */
  String pooledIdentity() {
    return pooled.length / Float.BYTES + ":" + pooledSha256;
  }
}
