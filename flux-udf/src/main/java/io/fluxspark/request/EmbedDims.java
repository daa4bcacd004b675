package io.fluxspark.request;

import java.io.Serializable;

/**
 * How wide a model's embeddings of texts are, named as in its transformer's configuration.
 *
 * @param jointAttentionDim numbers of each of T5's vectors, at least 1; 4096 in FLUX.1
 * @param pooledProjectionDim numbers of CLIP's one vector, at least 1; 768 in FLUX.1
 */
public record EmbedDims(int jointAttentionDim, int pooledProjectionDim) implements Serializable {
  public EmbedDims {
    if (jointAttentionDim < 1 || pooledProjectionDim < 1) {
      throw new IllegalArgumentException(
          "embeddings of " + jointAttentionDim + " and " + pooledProjectionDim + " numbers");
    }
  }
}
