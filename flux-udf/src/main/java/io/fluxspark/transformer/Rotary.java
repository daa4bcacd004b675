package io.fluxspark.transformer;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import java.util.List;

/**
 * Rotary position embedding over several axes: cosines and sines of each token's angles, (T, d/2)
 * each, float32. Axis i of the position turns the pairs of its own {@code axes_dims_rope[i] / 2}
 * frequencies 10000^(-2 j / axes_dims_rope[i]); computed in float64 as diffusers does.
 */
public record Rotary(NativeTensor cos, NativeTensor sin) {
  private static final double THETA = 10_000;

  /**
   * The angles of text tokens, whose positions are all 0, followed by the tokens of a picture in
   * rows.
   *
   * @param axesDims {@code axes_dims_rope}: index of the picture, row, column
   * @param textTokens L
   * @param rows height of the picture in tokens
   * @param columns width of the picture in tokens
   */
  public static Rotary of(
      TensorScope owner, List<Integer> axesDims, int textTokens, int rows, int columns) {
    int tokens = textTokens + rows * columns;
    int pairs = axesDims.stream().mapToInt(Integer::intValue).sum() / 2;
    float[] cos = new float[tokens * pairs];
    float[] sin = new float[tokens * pairs];
    for (int token = 0; token < tokens; token++) {
      int place = token - textTokens;
      int[] position =
          place < 0 ? new int[] {0, 0, 0} : new int[] {0, place / columns, place % columns};
      int at = token * pairs;
      for (int axis = 0; axis < axesDims.size(); axis++) {
        int dims = axesDims.get(axis);
        for (int j = 0; j < dims; j += 2) {
          double angle = position[axis] / Math.pow(THETA, (double) j / dims);
          cos[at] = (float) Math.cos(angle);
          sin[at] = (float) Math.sin(angle);
          at++;
        }
      }
    }
    return new Rotary(owner.floats(cos, tokens, pairs), owner.floats(sin, tokens, pairs));
  }
}
