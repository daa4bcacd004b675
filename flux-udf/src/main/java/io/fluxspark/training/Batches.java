package io.fluxspark.training;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Examples as tensors. */
final class Batches {
  private static final float HALF_OF_BYTE = 127.5f;

  private Batches() {}

  /** The pictures as values of -1 to 1, (B, 3, H, W), float32. */
  static NativeTensor values(TensorScope owner, List<Example> examples) {
    int height = examples.get(0).height();
    int width = examples.get(0).width();
    int area = height * width;
    float[] values = new float[examples.size() * 3 * area];
    for (int b = 0; b < examples.size(); b++) {
      byte[] pixels = examples.get(b).pixels();
      for (int i = 0; i < area; i++) {
        for (int c = 0; c < 3; c++) {
          values[(b * 3 + c) * area + i] = (pixels[3 * i + c] & 0xff) / HALF_OF_BYTE - 1;
        }
      }
    }
    return owner.floats(values, examples.size(), 3, height, width);
  }

  /**
   * Numbers of all examples as one tensor.
   *
   * @param shape of one example's numbers
   */
  static NativeTensor floats(
      TensorScope owner,
      List<Example> examples,
      Function<Example, float[]> numbers,
      long... shape) {
    float[][] each = examples.stream().map(numbers).toArray(float[][]::new);
    float[] all = new float[each.length * each[0].length];
    for (int b = 0; b < each.length; b++) {
      System.arraycopy(each[b], 0, all, b * each[0].length, each[0].length);
    }
    long[] whole = new long[shape.length + 1];
    whole[0] = each.length;
    System.arraycopy(shape, 0, whole, 1, shape.length);
    return owner.floats(all, whole);
  }

  /** A number of each example, (B, ones). */
  static NativeTensor each(TensorScope owner, double[] numbers, long... ones) {
    long[] shape = new long[1 + ones.length];
    Arrays.fill(shape, 1);
    shape[0] = numbers.length;
    return owner.floats(floats(numbers), shape);
  }

  static float[] floats(double[] numbers) {
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return floats;
  }

  /** Seeds of random generators, one an example. */
  static long[] seeds(SplittableRandom random, int count) {
    return random.longs(count, 0, Long.MAX_VALUE).toArray();
  }

  static double mean(NativeTensor numbers) {
    double sum = 0;
    float[] each = numbers.toFloats();
    for (float number : each) {
      sum += number;
    }
    return sum / each.length;
  }
}
