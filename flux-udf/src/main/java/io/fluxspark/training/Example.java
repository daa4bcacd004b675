package io.fluxspark.training;

import java.io.Serializable;

/**
 * A picture and its caption as training sees them. What a training does not need is empty.
 *
 * @param id of its row in the table
 * @param width of the picture, pixels
 * @param height of the picture, pixels
 * @param pixels (height, width, 3), where the autoencoder is trained
 * @param mean of the latent's distribution, (latent_channels, height / f, width / f)
 * @param logVariance of the latent's distribution, as {@code mean}
 * @param condition the latent's mean of the picture that is edited, as {@code mean}; empty where
 *     none is
 * @param clipIds tokens of the caption, (77), where CLIP is trained
 * @param t5Ids tokens of the caption, (L), where T5 is trained
 * @param pooled what CLIP gives for the caption, where it is not trained
 * @param hidden what T5 gives for the caption, (L, joint_attention_dim), where it is not trained
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Example(
    String id,
    int width,
    int height,
    byte[] pixels,
    float[] mean,
    float[] logVariance,
    float[] condition,
    long[] clipIds,
    long[] t5Ids,
    float[] pooled,
    float[] hidden)
    implements Serializable {
  private static final long serialVersionUID = 1L;
}
