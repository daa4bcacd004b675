package io.fluxspark.program;

import static io.fluxspark.program.DataType.BFLOAT16;
import static io.fluxspark.program.DataType.FLOAT32;
import static io.fluxspark.program.DataType.INT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TensorTest {
  private static final Dim B = Dim.named("B");
  private static final Dim S = Dim.named("S");
  private static final Dim H = Dim.named("h");
  private static final Dim W = Dim.named("w");

  /** x (B, S, 6), q (B, 2, S, 4), k (B, 2, T, 4), picture (B, 8, 2 h, 2 w). */
  private static final class Inputs {
    private final Method method = new Program("Shapes").method("m");
    private final Tensor x = input("x", FLOAT32, B, S, Dim.of(6));
    private final Tensor q = input("q", FLOAT32, B, Dim.of(2), S, Dim.of(4));
    private final Tensor k = input("k", FLOAT32, B, Dim.of(2), Dim.named("T"), Dim.of(4));
    private final Tensor picture = input("picture", FLOAT32, B, Dim.of(8), H.times(2), W.times(2));
    private final Weights w = method.weights("weights", FLOAT32);

    private int added;

    private Tensor input(String name, DataType type, Dim... shape) {
      return method.input(name, type, shape);
    }

    private Tensor another(DataType type, long... shape) {
      added++;
      return input(
          added == 1 ? "f" : "f" + added,
          type,
          Arrays.stream(shape).mapToObj(Dim::of).toArray(Dim[]::new));
    }

    private Tensor floats(long... shape) {
      return another(FLOAT32, shape);
    }
  }

  static Stream<Arguments> operations() {
    return Stream.of(
        arguments("(B, S, 6)", shape(i -> i.x.silu())),
        arguments("(B, S, 6)", shape(i -> i.x.add(i.floats(6)))),
        arguments("(B, S, 6)", shape(i -> i.floats(6).multiply(i.x))),
        arguments("(B, S, 6)", shape(i -> i.x.subtract(i.input("b", FLOAT32, S, Dim.of(1))))),
        arguments("(B, S, 9)", shape(i -> i.w.linear("proj", i.x, 9))),
        arguments("(B, S, 9)", shape(i -> i.w.linearWithoutBias("proj", i.x, 9))),
        arguments("(B, S, 6)", shape(i -> i.w.layerNorm("norm", i.x, 1e-6))),
        arguments("(B, S, 6)", shape(i -> i.w.rmsNorm("norm", i.x, 1e-6))),
        arguments("(B, 8, 2*h, 2*w)", shape(i -> i.w.groupNorm("norm", i.picture, 4, 1e-6))),
        arguments("(B, 5, 2*h, 2*w)", shape(i -> i.w.conv2d("conv", i.picture, 5, 3, 1, 1))),
        arguments(
            "(B, 5, h, w)",
            shape(i -> i.w.conv2d("conv", i.picture.padRightAndBottom(1, 1), 5, 3, 2, 0))),
        arguments("(B, 8, 1 + 2*h, 2 + 2*w)", shape(i -> i.picture.padRightAndBottom(2, 1))),
        arguments("(B, 8, 4*h, 4*w)", shape(i -> i.picture.upsampleNearestTwice())),
        arguments("(B, S, 7)", shape(i -> i.floats(50, 7).embedding(i.input("ids", INT64, B, S)))),
        arguments("(B, 2, S, 4)", shape(i -> i.q.attention(i.k, i.k))),
        arguments("(B, 2, S, 4)", shape(i -> i.q.causalAttention(i.k, i.k))),
        arguments(
            "(B, 2, S, 4)",
            shape(
                i ->
                    i.q.attention(
                        i.k,
                        i.k,
                        i.input("bias", FLOAT32, Dim.of(1), Dim.of(2), S, Dim.named("T")),
                        1))),
        arguments("(B, S, 2, 3)", shape(i -> i.x.unflatten(-1, 2, 3))),
        arguments("(B, 8, h, 2, 2*w)", shape(i -> i.picture.unflatten(2, H, Dim.of(2)))),
        arguments("(B, 6*S)", shape(i -> i.x.flatten(1, 2))),
        arguments("(6*B*S)", shape(i -> i.x.flatten(0, -1))),
        arguments("(6, B, S)", shape(i -> i.x.permute(2, 0, 1))),
        arguments("(B, 6, S)", shape(i -> i.x.transpose(-1, 1))),
        arguments("(B, S, 6)", shape(i -> i.x.contiguous())),
        arguments("(1, B, S, 6)", shape(i -> i.x.unsqueeze(0))),
        arguments("(B, S, 6, 1)", shape(i -> i.x.unsqueeze(-1))),
        arguments("(B, S, 4)", shape(i -> i.x.narrow(2, Dim.of(2), Dim.of(4)))),
        arguments("(B, S, 2)", shape(i -> i.x.chunk(3).get(2))),
        arguments("(B, S)", shape(i -> i.x.select(2, -6))),
        arguments("(B, S)", shape(i -> i.x.sumLast())),
        arguments("(B, S + T, 6)", shape(i -> Tensor.concat(1, i.x, other(i, Dim.named("T"))))),
        arguments("(B, S, 6, 2)", shape(i -> Tensor.stackLast(i.x, i.x))),
        arguments("(4)", shape(i -> i.method.arange(4, i.x))));
  }

  @ParameterizedTest
  @MethodSource("operations")
  void anOperationHasTheShapeThatPyTorchGives(String shape, Function<Inputs, Tensor> operation) {
    Tensor result = operation.apply(new Inputs());
    assertThat(Tensor.describe(result.shape())).isEqualTo(shape);
    assertThat(result.type()).isEqualTo(FLOAT32);
  }

  static Stream<Arguments> misfits() {
    return Stream.of(
        refused("add", "x FLOAT32 (B, S, 6)", "f BFLOAT16 (6)", i -> i.x.add(halves(i, 6))),
        refused("mul", "[B, S, 6]", "[5]", i -> i.x.multiply(i.floats(5))),
        refused("sub", "[B, S, 6]", "[S, B, 6]", i -> i.x.subtract(i.x.transpose(0, 1))),
        refused(
            "linear",
            "(B, S, 6)",
            "f FLOAT32 (9, 5)",
            i -> i.x.linear(i.floats(9, 5), Optional.empty())),
        refused(
            "linear", "(B, S, 6)", "f FLOAT32 (6)", i -> i.x.linear(i.floats(6), Optional.empty())),
        refused(
            "linear",
            "x FLOAT32",
            "f BFLOAT16",
            i -> i.x.linear(halves(i, 9, 6), Optional.empty())),
        refused(
            "linear", "(9, 6)", "(6)", i -> i.x.linear(i.floats(9, 6), Optional.of(i.floats(6)))),
        refused(
            "linear",
            "x FLOAT32",
            "f2 BFLOAT16 (9)",
            i -> i.x.linear(i.floats(9, 6), Optional.of(halves(i, 9)))),
        refused(
            "layer_norm",
            "x FLOAT32 (B, S, 6)",
            "f FLOAT32 (5)",
            i -> i.x.layerNorm(i.floats(5), i.floats(5), 1e-6)),
        refused(
            "layer_norm",
            "x FLOAT32 (B, S, 6)",
            "f BFLOAT16 (6)",
            i -> i.x.layerNorm(halves(i, 6), halves(i, 6), 1e-6)),
        refused("rms_norm", "(B, S, 6)", "f FLOAT32 (5)", i -> i.x.rmsNorm(i.floats(5), 1e-6)),
        refused("group_norm", "8 channels", "3 groups", i -> i.w.groupNorm("n", i.picture, 3, 1)),
        refused(
            "conv2d",
            "(B, 8, 2*h, 2*w)",
            "f FLOAT32 (5, 7, 3, 3)",
            i -> i.picture.conv2d(i.floats(5, 7, 3, 3), i.floats(5), 1, 1)),
        refused(
            "conv2d",
            "(B, 8, 2*h, 2*w)",
            "f FLOAT32 (5, 8)",
            i -> i.picture.conv2d(i.floats(5, 8), i.floats(5), 1, 1)),
        refused(
            "conv2d",
            "(5, 8, 3, 3)",
            "(4)",
            i -> i.picture.conv2d(i.floats(5, 8, 3, 3), i.floats(4), 1, 1)),
        refused(
            "conv2d",
            "(5, 8, 3, 1)",
            "kernel",
            i -> i.picture.conv2d(i.floats(5, 8, 3, 1), i.floats(5), 1, 1)),
        refused(
            "conv2d",
            "x FLOAT32 (B, S, 6) has 3 axes",
            "not 4",
            i -> i.x.conv2d(i.floats(5, 8, 3, 3), i.floats(5), 1, 1)),
        refused("size", "-1 + 2*h", "2", i -> i.w.conv2d("c", i.picture, 5, 3, 2, 1)),
        refused(
            "constant_pad_nd", "(B, S, 6) has 3 axes", "not 4", i -> i.x.padRightAndBottom(1, 1)),
        refused(
            "upsample_nearest2d", "(B, S, 6) has 3 axes", "not 4", i -> i.x.upsampleNearestTwice()),
        refused("embedding", "(B, S, 6) has 3 axes", "not 2", i -> i.x.embedding(i.x)),
        refused("embedding", "f FLOAT32 (9, 7)", "x FLOAT32", i -> i.floats(9, 7).embedding(i.x)),
        refused("attention", "q FLOAT32", "other FLOAT32", i -> both(i.q, k(i, 3, 4))),
        refused("attention", "q FLOAT32", "other FLOAT32", i -> both(i.q, k(i, 2, 5))),
        refused("attention", "k FLOAT32", "other FLOAT32", i -> i.q.attention(i.k, k(i, 2, 5))),
        refused("attention", "q FLOAT32", "to BFLOAT16", i -> both(i.q, i.k.to(BFLOAT16))),
        refused("attention", "(B, S, 6) has 3 axes", "not 4", i -> i.x.attention(i.k, i.k)),
        refused(
            "attention",
            "[B, 2, S, T]",
            "[1, 3, S, T]",
            i -> i.q.attention(i.k, i.k, bias(i, FLOAT32, Dim.of(1), Dim.of(3)), 1)),
        refused(
            "attention",
            "q FLOAT32",
            "bias INT64",
            i -> i.q.attention(i.k, i.k, bias(i, INT64, Dim.of(1), Dim.of(2)), 1)),
        refused("unflatten", "(B, S, 6)", "2 * 4", i -> i.x.unflatten(-1, 2, 4)),
        refused("permute", "[0, 1]", "(B, S, 6)", i -> i.x.permute(0, 1)),
        refused("permute", "[0, 1, 1]", "(B, S, 6)", i -> i.x.permute(0, 1, 1)),
        refused("permute", "[1, 2, 3]", "(B, S, 6)", i -> i.x.permute(1, 2, 3)),
        refused("flatten", "(B, S, 6)", "2 to 1", i -> i.x.flatten(2, 1)),
        refused("transpose", "(B, S, 6)", "axis 3", i -> i.x.transpose(0, 3)),
        refused("size", "(B, S, 6)", "axis -4", i -> i.x.flatten(-4, 1)),
        refused("unsqueeze", "(B, S, 6)", "axis 4", i -> i.x.unsqueeze(4)),
        refused("size", "size 6", "multiple of 4", i -> i.x.chunk(4).get(0)),
        refused("narrow", "(B, S, 6)", "from 3 to 7", i -> i.x.narrow(2, Dim.of(3), Dim.of(4))),
        refused("select", "(B, S, 6)", "place 6", i -> i.x.select(2, 6)),
        refused("cat", "(B, S, 6)", "f BFLOAT16", i -> Tensor.concat(0, i.x, halves(i, 6))),
        refused("cat", "(B, S, 6)", "(B, 6, S)", i -> Tensor.concat(0, i.x, i.x.transpose(1, 2))),
        refused("cat", "(B, S, 6)", "f FLOAT32 (6)", i -> Tensor.concat(0, i.x, i.floats(6))),
        refused("cat", "(B, S, 6)", "f FLOAT32 (6)", i -> Tensor.concat(2, i.x, i.floats(6))));
  }

  @ParameterizedTest(name = "{0}: {1} and {2}")
  @MethodSource("misfits")
  void whatCannotFitIsRefusedNamingBothSides(
      String operation, String one, String other, Function<Inputs, Tensor> build) {
    Inputs inputs = new Inputs();
    assertThatThrownBy(() -> build.apply(inputs))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(one, other);
  }

  @Test
  void aConversionToTheSameTypeWritesNothing() {
    Inputs i = new Inputs();
    assertThat(i.x.to(FLOAT32)).isSameAs(i.x);
    assertThat(i.x.to(BFLOAT16).type()).isEqualTo(BFLOAT16);
  }

  @Test
  void aWeightThatIsUsedWithTwoShapesIsRefused() {
    Inputs i = new Inputs();
    i.w.in("block").get("weight", 6, 6);
    i.w.in("block").get("weight", 6, 6);
    assertThatThrownBy(() -> i.w.get("block.weight", 6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("weight block.weight is used as [6, 6] and as [6]");
    assertThat(i.method.weightSpecs("weights"))
        .containsExactly(new WeightSpec("block.weight", List.of(6L, 6L)));
  }

  private static Function<Inputs, Tensor> shape(Function<Inputs, Tensor> operation) {
    return operation;
  }

  private static Arguments refused(
      String operation, String one, String other, Function<Inputs, Tensor> build) {
    return arguments(operation, one, other, build);
  }

  private static Tensor halves(Inputs i, long... shape) {
    return i.another(BFLOAT16, shape);
  }

  private static Tensor k(Inputs i, long heads, long size) {
    return i.input("other", FLOAT32, B, Dim.of(heads), Dim.named("T"), Dim.of(size));
  }

  private static Tensor both(Tensor q, Tensor k) {
    return q.causalAttention(k, k);
  }

  private static Tensor bias(Inputs i, DataType type, Dim batch, Dim heads) {
    return i.input("bias", type, batch, heads, S, Dim.named("T"));
  }

  private static Tensor other(Inputs i, Dim length) {
    return i.input("y", FLOAT32, B, length, Dim.of(6));
  }
}
