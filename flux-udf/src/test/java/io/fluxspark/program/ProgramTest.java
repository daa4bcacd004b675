package io.fluxspark.program;

import static io.fluxspark.program.DataType.BFLOAT16;
import static io.fluxspark.program.DataType.FLOAT32;
import static io.fluxspark.program.DataType.INT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ProgramTest {
  private static final Dim B = Dim.named("B");
  private static final Dim H = Dim.named("h");
  private static final Dim D = Dim.of(4);

  @Test
  void isWrittenAsAPersonReadsIt() {
    assertThat(small().text())
        .isEqualTo(
            """
            class Small(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              def linear(self: __torch__.Small, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
                return torch.linear(x, weight, bias)
              def layer(self: __torch__.Small,
                  w: Dict[str, Tensor],
                  x: Tensor,
                  shift: Tensor) -> Tensor:
                # x FLOAT32 (B, h, 4)
                # shift FLOAT32 (B, 1, 4)
                linear = self.linear(x, w["proj.weight"], w["proj.bias"])  # float32 (B, h, 4)
                gelu = torch.gelu(linear, approximate="tanh")  # float32 (B, h, 4)
                add = torch.add(gelu, shift)  # float32 (B, h, 4)
                add_2 = torch.add(add, x)  # float32 (B, h, 4)
                return add_2
              def run(self: __torch__.Small,
                  x: Tensor,
                  seeds: List[int],
                  layers: List[Dict[str, Tensor]],
                  start: int) -> Tuple[Tensor, Tensor]:
                # x FLOAT32 (B, 2*h, 4)
                h = torch.floordiv(torch.size(x, 1), 2)
                rows = annotate(List[Tensor], [])
                for seed in seeds:
                  generator = torch.Generator(device=torch.device("cpu"), seed=seed)
                  for _1 in range(1):
                    _0 = torch.append(rows, torch.randn([1, 4], generator=generator))
                normal = torch.unflatten(torch.cat(rows), 0, [-1, 1])  # float32 (B, 1, 4)
                narrow = torch.narrow(x, 1, 0, h)  # float32 (B, h, 4)
                layer = narrow  # float32 (B, h, 4)
                for place in range(torch.len(layers)):
                  layer = self.layer(layers[place], layer, normal)
                narrow_2 = torch.narrow(x, 0, start, 1)  # float32 (1, 2*h, 4)
                return (layer, narrow_2)
            """);
  }

  @Test
  void declaresTheWeightsThatAreRead() {
    Program program = new Program("P");
    Method method = program.method("m");
    Weights w = method.weights("w", BFLOAT16);
    Tensor x = method.input("x", BFLOAT16, B, D);
    method.returns(w.in("block").linear("proj", w.in("block").rmsNorm("norm", x, 1e-6), 2));
    assertThat(method.weightSpecs("w"))
        .containsExactly(
            new WeightSpec("block.norm.weight", List.of(4L)),
            new WeightSpec("block.proj.weight", List.of(2L, 4L)),
            new WeightSpec("block.proj.bias", List.of(2L)));
    assertThat(method.weightSpecs("w"))
        .extracting(WeightSpec::elements)
        .containsExactly(4L, 8L, 2L);
  }

  @Test
  void weightsInFloat8AreConvertedWhereTheyAreUsed() {
    Program program = new Program("P");
    Method method = program.method("m");
    Weights w = method.adaptableWeights("w", BFLOAT16, WeightStorage.FLOAT8);
    Tensor x = method.input("x", BFLOAT16, B, D);
    method.returns(w.linear("proj", w.rmsNorm("norm", x, 1e-6), 2));

    assertThat(program.storage()).isEqualTo(WeightStorage.FLOAT8);
    assertThat(program.text())
        .contains(
            "self.dense(w, \"proj.weight\", \"proj.weight_scale\", 15), w[\"proj.bias\"]",
            "w[\"norm.weight\"]");
    assertThat(method.weightSpecs("w"))
        .extracting(WeightSpec::name)
        .containsExactly("norm.weight", "proj.weight", "proj.bias");
  }

  @Test
  void layersThatMultiplyInFloat8BringTheirInputToItOnce() {
    Program program = new Program("P");
    Method method = program.method("m");
    Weights w = method.adaptableWeights("w", BFLOAT16, WeightStorage.FLOAT8_PRODUCTS);
    Tensor x = method.input("x", BFLOAT16, B, Dim.of(32));
    Tensor y = w.linear("a", x, 16).add(w.linearWithoutBias("b", x, 16));
    method.returns(w.linear("c", y, 64));

    assertThat(program.storage()).isEqualTo(WeightStorage.FLOAT8_PRODUCTS);
    assertThat(program.text())
        .containsOnlyOnce("rows, row_scales = self.float8_rows(x)")
        .containsOnlyOnce("rows_2, row_scales_2 = self.float8_rows(add)")
        .contains(
            "self.float8_linear(w, \"a.weight\", \"a.weight_scale\","
                + " x, rows, row_scales, w[\"a.bias\"], 15)  # bfloat16 (B, 16)",
            "self.float8_linear(w, \"b.weight\", \"b.weight_scale\","
                + " x, rows, row_scales, None, 15)",
            "self.float8_linear(w, \"c.weight\", \"c.weight_scale\","
                + " add, rows_2, row_scales_2, w[\"c.bias\"], 15)");
    assertThat(method.weightSpecs("w"))
        .extracting(WeightSpec::name)
        .containsExactly("a.weight", "a.bias", "b.weight", "c.weight", "c.bias");
  }

  /** GPUs multiply no others in float8. */
  @Test
  void matricesWithOtherSizesThanMultiplesOf16AreNotMultipliedInFloat8() {
    Program program = new Program("P");
    Method method = program.method("m");
    Weights w = method.adaptableWeights("w", BFLOAT16, WeightStorage.FLOAT8_PRODUCTS);
    Tensor x = method.input("x", BFLOAT16, B, Dim.of(32));
    Tensor y = w.linear("out", w.linear("in", x, 24), 32);
    method.returns(w.linear("whole", y, 32));

    assertThat(program.storage()).isEqualTo(WeightStorage.FLOAT8_PRODUCTS);
    assertThat(program.isProduct("in.weight")).isFalse();
    assertThat(program.isProduct("out.weight")).isFalse();
    assertThat(program.isProduct("whole.weight")).isTrue();
    assertThat(program.text())
        .contains(
            "self.dense(w, \"in.weight\", \"in.weight_scale\", 15)",
            "self.dense(w, \"out.weight\", \"out.weight_scale\", 15)");
  }

  @Test
  void layersThatMultiplyInInt8ReadOtherWeightsAsTheyAre() {
    Program program = new Program("P");
    Method method = program.method("m");
    Weights narrow = method.adaptableWeights("narrow", BFLOAT16, WeightStorage.INT8_PRODUCTS);
    Weights other = method.adaptableWeights("other", BFLOAT16, WeightStorage.AS_COMPUTED);
    Tensor x = method.input("x", BFLOAT16, B, D);
    method.returns(narrow.linear("a", x, 2).add(other.linear("b", x, 2)));

    assertThat(program.storage()).isEqualTo(WeightStorage.INT8_PRODUCTS);
    assertThat(program.isProduct("a.weight")).isTrue();
    assertThat(program.isProduct("b.weight")).isFalse();
    assertThat(program.text())
        .containsOnlyOnce("= self.int8_rows(x)")
        .contains(
            "self.int8_linear(narrow, \"a.weight\", \"a.weight_scale\","
                + " x, rows, row_scales, narrow[\"a.bias\"], 15)  # bfloat16 (B, 2)",
            "self.linear(x, other[\"b.weight\"], other[\"b.bias\"])");
  }

  /** PyTorch makes tensors on the CPU where it is not told otherwise. */
  @Test
  void numbersThatAProgramMakesAreWhereItsInputsAre() {
    Program program = new Program("P");
    Method method = program.method("m");
    Tensor x = method.input("x", FLOAT32, B, Dim.of(4));
    method.returns(x.multiply(method.arange(4, x)));

    assertThat(program.text()).contains("torch.arange(4, dtype=6, device=ops.prim.device(x))");
  }

  @Test
  void otherProgramsHaveNothingOfFloat8() {
    Program program = new Program("P");
    Method method = program.method("m");
    Weights w = method.adaptableWeights("w", BFLOAT16);
    method.returns(w.linear("proj", method.input("x", BFLOAT16, B, D), 2));

    assertThat(program.storage()).isEqualTo(WeightStorage.AS_COMPUTED);
    assertThat(program.text()).doesNotContain("dense");
  }

  @Test
  void weightsThatAreGivenOnMustHoldWhatTheOtherMethodReads() {
    Program program = new Program("P");
    Method layer = layer(program);
    Method caller = program.method("caller");
    Tensor x = caller.input("x", FLOAT32, B, H, D);
    Weights own = caller.weights("own", FLOAT32);
    Tensor shift = x.narrow(1, Dim.of(0), Dim.of(1));
    Tensor called = caller.call(layer, own, x, shift).get(0);
    caller.returns(own.linear("last", called, 1));

    assertThat(program.text()).contains("    layer = self.layer(own, x, narrow)\n");
    assertThat(caller.weightSpecs("own"))
        .extracting(WeightSpec::name)
        .containsExactly("proj.weight", "proj.bias", "last.weight", "last.bias");
    assertThatThrownBy(() -> caller.call(layer, own.in("block"), x, shift))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the weights in block. are given to a method, which takes all of own");
  }

  @Test
  void theArchiveHasFourStoredEntries() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive(small())))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        assertThat(entry.getMethod()).as(entry.getName()).isEqualTo(ZipEntry.STORED);
        entries.put(entry.getName(), zip.readAllBytes());
      }
    }
    assertThat(entries)
        .containsOnlyKeys(
            "Small/data.pkl", "Small/code/__torch__.py", "Small/constants.pkl", "Small/version");
    assertThat(entries.get("Small/code/__torch__.py"))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(small().text());
    assertThat(entries.get("Small/version")).asString(StandardCharsets.UTF_8).isEqualTo("10\n");
  }

  @Test
  void theSameProgramGivesTheSameBytes() throws IOException {
    assertThat(archive(small())).isEqualTo(archive(small()));
  }

  @Test
  void aMethodThatDoesNotReturnIsRefused() {
    Program program = new Program("P");
    program.method("open").input("x", FLOAT32, B);
    assertThatThrownBy(program::text)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("method open does not return");
  }

  @Test
  void aSizeThatNoInputBringsIsRefused() {
    Program program = new Program("P");
    Method method = program.method("m");
    Tensor x = method.input("x", FLOAT32, B, H.plus(Dim.of(1)));
    method.returns(x.narrow(1, Dim.of(0), H));
    assertThatThrownBy(program::text)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("method m: no input brings the size h");
  }

  @Test
  void aNameThatIsTakenIsRefused() {
    Method method = new Program("P").method("m");
    Tensor x = method.input("x", FLOAT32, B);
    x.exp();
    assertThatThrownBy(() -> method.input("x", FLOAT32, B))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("method m: the name x is taken already");
    assertThatThrownBy(() -> method.size("exp")).hasMessageContaining("exp is taken already");
  }

  @Test
  void aLoopHidesNoParameter() {
    Program program = new Program("P");
    Method layer = layer(program);
    Method run = program.method("run");
    Weights w = run.weights("place", FLOAT32);
    Tensor x = run.input("x", FLOAT32, B, H, D);
    Tensor noise = run.normal(run.seeds("seeds", B), run.size("seed"), D);
    Tensor shift = noise.narrow(1, Dim.of(0), Dim.of(1));
    Tensor last = run.forEachLayer("layers", layer, List.of(x), shift).get(0);
    run.returns(w.linear("last", last, 1));

    assertThat(program.text())
        .contains("for seed_2 in seeds:", "seed=seed_2)")
        .contains("for place_2 in range(torch.len(layers)):", "self.layer(layers[place_2], ")
        .contains("self.linear(layer, place[\"last.weight\"], ");
  }

  @Test
  void aLayerIsGivenItsOwnPlaceOfWhatAllAreGiven() {
    Program program = new Program("P");
    Method layer = layer(program);
    Method run = program.method("run");
    Tensor x = run.input("x", FLOAT32, B, H, D);
    Tensor shifts = run.input("shifts", FLOAT32, Dim.of(3), B, Dim.of(1), D);
    List<Tensor> last = run.forEachLayer("layers", layer, List.of(x), List.of(shifts));
    run.returns(last.get(0));

    assertThat(program.text())
        .contains("layer = self.layer(layers[place], layer, torch.select(shifts, 0, place))");
    Method wrong = program.method("wrong");
    Tensor narrow = wrong.input("x", FLOAT32, B, H, D);
    assertRefused(
        () -> wrong.forEachLayer("layers", layer, List.of(narrow), List.of(narrow)),
        "does not fit shift FLOAT32 (B, 1, 4)");
  }

  @Test
  void whatEachLayerGivesIsGathered() {
    Program program = new Program("P");
    Method layer = layer(program);
    Method run = program.method("run");
    Tensor x = run.input("x", FLOAT32, B, H, D);
    Tensor shift = run.input("shift", FLOAT32, B, Dim.of(1), D);
    Tensor all = run.ofEachLayer("layers", 3, layer, x, shift);
    run.returns(all);

    assertThat(all.shape()).containsExactly(Dim.of(3), B, H, D);
    assertThat(program.text())
        .contains("_0 = torch.append(gathered, self.layer(layers[place], x, shift))")
        .contains("layer = torch.stack(gathered, 0)");
  }

  @Test
  void whatACallIsGivenMustFit() {
    Program program = new Program("P");
    Method layer = layer(program);
    Method caller = program.method("caller");
    Tensor x = caller.input("x", FLOAT32, B, H, D);
    Tensor shift = caller.input("shift", FLOAT32, B, Dim.of(1), D);
    Weights w = caller.weights("w", FLOAT32);

    assertRefused(
        () -> caller.call(layer, w, shift, shift),
        "method layer: shift FLOAT32 (B, 1, 4) does not fit x FLOAT32 (B, h, 4)");
    assertRefused(
        () -> caller.call(layer, w, x.to(BFLOAT16), shift),
        "method layer: to BFLOAT16 (B, h, 4) does not fit x FLOAT32 (B, h, 4)");
    assertRefused(() -> caller.call(layer, x, w, shift), "x does not fit w: Dict[str, Tensor]");
    assertRefused(() -> caller.call(layer, w, w, shift), "w does not fit x: Tensor");
    assertRefused(() -> caller.call(layer, w, x), "given are 2 arguments");
    assertRefused(() -> caller.call(caller, x, shift, w), "is called before it is finished");
  }

  @Test
  void aLayerMustGiveWhatTheNextOneTakes() {
    Program program = new Program("P");
    Method narrowing = program.method("narrowing");
    Weights w = narrowing.weights("w", FLOAT32);
    Tensor x = narrowing.input("x", FLOAT32, B, D);
    narrowing.returns(w.linear("proj", x, 2));
    Method doubling = program.method("doubling");
    doubling.weights("w", FLOAT32);
    Tensor y = doubling.input("x", FLOAT32, B, D);
    doubling.returns(y, y);
    Method weightless = program.method("weightless");
    weightless.returns(weightless.input("x", FLOAT32, B, D));
    Method run = program.method("run");
    Tensor z = run.input("z", FLOAT32, B, D);

    assertRefused(
        () -> run.forEachLayer("a", narrowing, List.of(z)),
        "method narrowing: linear FLOAT32 (B, 2) does not fit z FLOAT32 (B, 4)");
    assertRefused(
        () -> run.forEachLayer("b", doubling, List.of(z)),
        "method doubling returns 2 tensors, not 1");
    assertRefused(
        () -> run.forEachLayer("c", weightless, List.of(z)),
        "method weightless: no weights come first");
    assertRefused(
        () -> run.forEachLayer("d", narrowing, List.of(run.input("ids", INT64, B, D))),
        "method narrowing: ids INT64 (B, 4) does not fit x FLOAT32 (B, 4)");
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static Method layer(Program program) {
    Method layer = program.method("layer");
    Weights w = layer.weights("w", FLOAT32);
    Tensor x = layer.input("x", FLOAT32, B, H, D);
    Tensor shift = layer.input("shift", FLOAT32, B, Dim.of(1), D);
    return layer.returns(w.linear("proj", x, 4).geluTanh().add(shift).add(x));
  }

  private static Program small() {
    Program program = new Program("Small");
    Method layer = layer(program);
    Method run = program.method("run");
    Tensor x = run.input("x", FLOAT32, B, H.times(2), D);
    Tensor noise = run.normal(run.seeds("seeds", B), Dim.of(1), D);
    Tensor half = x.narrow(1, Dim.of(0), H);
    Tensor last = run.forEachLayer("layers", layer, List.of(half), noise).get(0);
    run.returns(last, x.narrow(0, run.size("start"), Dim.of(1)));
    return program;
  }

  private static byte[] archive(Program program) throws IOException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    program.write(archive);
    return archive.toByteArray();
  }
}
