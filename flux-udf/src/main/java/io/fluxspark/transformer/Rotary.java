package io.fluxspark.transformer;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import java.util.List;

/**
 * Rotary position embedding over several axes: cosines and sines of each token's angles, (T, d/2,
 * 2), float32. Axis i of the position turns the pairs of its own {@code axes_dims_rope[i] / 2}
 * frequencies 10000^(-2 j / axes_dims_rope[i]); computed in float64 as diffusers does.
 */
public record Rotary(NativeTensor pe) {
  private static final double THETA = 10_000;

  /**
   * The tokens of one picture, in rows.
   *
   * @param index of the picture: 0 is the one that is made, 1 the one that a Kontext model is shown
   * @param rows height in tokens
   * @param columns width in tokens
   */
  public record Grid(int index, int rows, int columns) {
    int tokens() {
      return rows * columns;
    }
  }

  /**
   * The angles of text tokens, whose positions are all 0, followed by the tokens of pictures.
   *
   * @param axesDims {@code axes_dims_rope}: index of the picture, row, column
   * @param textTokens L
   */
  public static Rotary of(
      TensorScope owner, List<Integer> axesDims, int textTokens, List<Grid> grids) {
    int tokens = textTokens + grids.stream().mapToInt(Grid::tokens).sum();
    int pairs = axesDims.stream().mapToInt(Integer::intValue).sum() / 2;
    float[] pe = new float[tokens * pairs * 2];
    int at = 0;
    for (; at < textTokens * pairs * 2; at += 2) {
      pe[at] = 1;
    }
    for (Grid grid : grids) {
      for (int place = 0; place < grid.tokens(); place++) {
        int[] position = {grid.index(), place / grid.columns(), place % grid.columns()};
        for (int axis = 0; axis < axesDims.size(); axis++) {
          int dims = axesDims.get(axis);
          for (int j = 0; j < dims; j += 2) {
            double angle = position[axis] / Math.pow(THETA, (double) j / dims);
            pe[at++] = (float) Math.cos(angle);
            pe[at++] = (float) Math.sin(angle);
          }
        }
      }
    }
    return new Rotary(owner.floats(pe, tokens, pairs, 2));
  }
}
