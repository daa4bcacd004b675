package io.fluxspark.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.Device;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static boolean never() {
    return false;
  }

  private final long openBefore = TensorScope.openValues();
  @TempDir private Path temp;
  private TinyModel model;
  private ExampleStore examples;

  @BeforeEach
  void makeModel() throws IOException {
    model = TinyModel.make(temp);
    examples = new ExampleStore(temp.resolve("examples"));
    for (int i = 0; i < 5; i++) {
      examples.add(TinyModel.example("wide " + i, 2, 3, i), 1 + i);
      examples.add(TinyModel.example("square " + i, 2, 2, 10 + i), 2);
    }
  }

  @AfterEach
  void nothingStaysOpen() {
    examples.close();
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  /** A trainer with a model of its own. */
  private final class Run implements AutoCloseable {
    private final List<TrainingLog.Line> lines = new ArrayList<>();
    private final Parameters weights = model.weights();
    private final Mixtures mixtures = new Mixtures(Device.cpu());
    private final FlowLearner learner =
        model.learner(weights, mixtures, TinyModel.example("", 1, 1, 99));
    private final Trainer trainer;

    Run(ExampleStore from, TrainingSettings settings, String checkpoints) {
      trainer = new Trainer(learner, from, settings, temp.resolve(checkpoints));
    }

    void until(long step, BooleanSupplier cancelled) {
      trainer.run(step, lines::add, cancelled);
    }

    double meanLoss(int from, int to) {
      return lines.subList(from, to).stream()
          .mapToDouble(line -> line.losses().get("loss"))
          .average()
          .orElseThrow();
    }

    @Override
    public void close() {
      trainer.close();
      learner.close();
      mixtures.close();
      weights.close();
    }
  }

  private static Map<String, float[]> numbers(Parameters parameters) {
    Map<String, float[]> numbers = new TreeMap<>();
    parameters.tensors().forEach((name, tensor) -> numbers.put(name, tensor.toFloats()));
    return numbers;
  }

  /** What does not depend on the clock. */
  private static List<String> reproducible(List<TrainingLog.Line> lines) {
    return lines.stream()
        .map(l -> l.step() + " " + l.losses() + " " + l.gradientNorm() + " " + l.learningRate())
        .toList();
  }

  @Test
  void aRunThatWasBrokenOffGoesOnAsIfItHadNotBeen() {
    TrainingSettings settings = TinyModel.settings(2, 3, 2, 3e-3);
    try (Run whole = new Run(examples, settings, "whole");
        Run first = new Run(examples, settings, "broken")) {
      whole.until(9, TrainerTest::never);
      assertThatThrownBy(() -> first.until(9, () -> first.lines.size() == 4))
          .isInstanceOfSatisfying(
              FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERRUPTED))
          .hasMessage("training was stopped after step 4");
      try (Run second = new Run(examples, settings, "broken")) {
        assertThat(second.trainer.step()).isEqualTo(4);
        second.until(9, TrainerTest::never);

        List<String> lines = reproducible(first.lines);
        lines = Stream.concat(lines.stream(), reproducible(second.lines).stream()).toList();
        assertThat(lines).hasSize(9).isEqualTo(reproducible(whole.lines));
        assertEqual(second.weights, whole.weights);
        assertEqual(
            second.trainer.averages().get("transformer"),
            whole.trainer.averages().get("transformer"));
      }
    }
  }

  private static void assertEqual(Parameters actual, Parameters expected) {
    Map<String, float[]> other = numbers(expected);
    assertThat(actual.names()).isEqualTo(other.keySet());
    numbers(actual)
        .forEach((name, values) -> assertThat(values).as(name).isEqualTo(other.get(name)));
  }

  @Test
  void onlyTheLastTwoCheckpointsStay() throws IOException {
    try (Run run = new Run(examples, TinyModel.settings(1, 2, 1, 1e-3), "checkpoints")) {
      for (int step = 1; step <= 4; step++) {
        run.until(step, TrainerTest::never);
      }
    }
    try (Stream<Path> kept = Files.list(temp.resolve("checkpoints"))) {
      assertThat(kept.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("step-3", "step-4");
    }
  }

  @Test
  void aLossThatIsNotFiniteStopsWithTheRowsAndTheLastGoodCheckpoint() throws IOException {
    TrainingSettings settings = TinyModel.settings(2, 2, 2, 1e-3);
    Path good = temp.resolve("checkpoints/step-3/transformer.safetensors");
    try (Run run = new Run(examples, settings, "checkpoints")) {
      run.until(3, TrainerTest::never);
    }
    byte[] before = Files.readAllBytes(good);
    Example damaged = TinyModel.example("damaged", 2, 2, 7);
    Arrays.fill(damaged.mean(), Float.NaN);
    try (ExampleStore bad = new ExampleStore(temp.resolve("examples"))) {
      bad.add(damaged, 1);
      try (Run run = new Run(bad, settings, "checkpoints")) {
        Map<String, float[]> weights = numbers(run.weights);

        FluxSparkException failure =
            catchThrowableOfType(FluxSparkException.class, () -> run.until(9, TrainerTest::never));

        assertThat(failure.code()).isEqualTo(ErrorCode.NOT_FINITE);
        assertThat(failure)
            .hasMessageContaining("the loss of step 4 is not finite; its rows are damaged;")
            .hasMessageContaining("the last good checkpoint is " + good.getParent() + ";");
        assertThat(run.trainer.step()).isEqualTo(3);
        numbers(run.weights)
            .forEach((name, values) -> assertThat(values).isEqualTo(weights.get(name)));
      }
    }
    assertThat(Files.readAllBytes(good)).isEqualTo(before);
    try (Stream<Path> kept = Files.list(temp.resolve("checkpoints"))) {
      assertThat(kept).containsExactly(good.getParent());
    }
  }

  @Test
  void aThousandStepsNeedNoMoreMemoryThanAHundred() throws IOException {
    try (Run run = new Run(examples, TinyModel.settings(2, 2, 1, 1e-3), "checkpoints")) {
      run.until(100, TrainerTest::never);
      long open = TensorScope.openValues();
      run.until(200, TrainerTest::never);
      long resident = residentMegabytes();
      run.until(1000, TrainerTest::never);

      assertThat(TensorScope.openValues()).isEqualTo(open);
      // One set of gradients a step would be 150 MB.
      assertThat(800 * Float.BYTES * run.weights.elements()).isGreaterThan(100_000_000L);
      assertThat(residentMegabytes() - resident).isLessThan(100);
    }
  }

  /** What this process has in memory without what Java may have for its objects. */
  private static long residentMegabytes() throws IOException {
    System.gc();
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(l -> l.startsWith("VmRSS:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) / 1024
        - Runtime.getRuntime().totalMemory() / 1024 / 1024;
  }

  @Test
  void twoPicturesAreLearntByHeart() throws IOException {
    try (ExampleStore two = new ExampleStore(temp.resolve("examples"))) {
      two.add(TinyModel.example("a", 2, 2, 1), 1);
      two.add(TinyModel.example("b", 2, 2, 2), 1);
      try (Run run = new Run(two, TinyModel.settings(1, 4, 1, 1e-2), "checkpoints")) {
        run.until(400, TrainerTest::never);

        assertThat(run.meanLoss(380, 400)).isLessThan(0.7 * run.meanLoss(0, 20));
      }
    }
  }

  @Test
  void editsFollowThePicturesThatTheyAreMadeOf() throws IOException {
    Example text = TinyModel.example("text", 2, 2, 7);
    try (ExampleStore seen = new ExampleStore(temp.resolve("examples"));
        ExampleStore unseen = new ExampleStore(temp.resolve("examples"))) {
      for (int i = 0; i < 2; i++) {
        Example example = withTextOf(text, TinyModel.example("picture " + i, 2, 2, i));
        unseen.add(example, 1);
        seen.add(TinyModel.edited(example, 20 + i), 1);
      }
      TrainingSettings settings = TinyModel.settings(1, 4, 1, 1e-2);
      try (Run edits = new Run(seen, settings, "edits");
          Run blind = new Run(unseen, settings, "blind")) {
        edits.until(400, TrainerTest::never);
        blind.until(400, TrainerTest::never);

        assertThat(edits.meanLoss(350, 400)).isLessThan(0.9 * blind.meanLoss(350, 400));
      }
    }
  }

  private static Example withTextOf(Example text, Example picture) {
    return new Example(
        picture.id(),
        picture.width(),
        picture.height(),
        picture.pixels(),
        picture.mean(),
        picture.logVariance(),
        picture.condition(),
        text.clipIds(),
        text.t5Ids(),
        text.pooled(),
        text.hidden());
  }

  @Test
  void averagesFollowTheWeights() {
    try (Run run = new Run(examples, TinyModel.settings(1, 2, 1, 1e-3), "checkpoints")) {
      Map<String, float[]> first = numbers(run.weights);
      run.until(1, TrainerTest::never);

      // The first step's memory is 2 / 11.
      Map<String, float[]> averages = numbers(run.trainer.averages().get("transformer"));
      run.weights
          .tensors()
          .forEach(
              (name, tensor) -> {
                float[] weights = tensor.toFloats();
                float[] expected = new float[weights.length];
                for (int i = 0; i < expected.length; i++) {
                  expected[i] = weights[i] + 2f / 11 * (first.get(name)[i] - weights[i]);
                }
                assertThat(averages.get(name))
                    .as(name)
                    .usingComparatorWithPrecision(1e-6f)
                    .containsExactly(expected);
              });
    }
  }

  @Test
  void aCheckpointOfAnotherModelIsRefused() throws IOException {
    try (Run run = new Run(examples, TinyModel.settings(1, 2, 1, 1e-3), "checkpoints")) {
      run.until(1, TrainerTest::never);
    }
    Path file = temp.resolve("checkpoints/step-1/transformer.safetensors");
    Golden.renamed(file, file, name -> name.replace("m.proj_out.bias", "m.other"));
    Parameters weights = model.weights();
    try (weights;
        Mixtures mixtures = new Mixtures(Device.cpu());
        FlowLearner learner = model.learner(weights, mixtures, TinyModel.example("", 1, 1, 99))) {
      assertThatThrownBy(
              () ->
                  new Trainer(
                      learner,
                      examples,
                      TinyModel.settings(1, 2, 1, 1e-3),
                      temp.resolve("checkpoints")))
          .isInstanceOf(FluxSparkException.class)
          .hasMessage(file + ": there is no tensor m.proj_out.bias");
    }
  }

  @Test
  void examplesComeBackAsTheyWere() {
    Example given =
        new Example(
            "id",
            4,
            2,
            new byte[] {1, -2},
            new float[] {0.5f, -1e30f},
            new float[] {-1},
            new float[] {2, 3, 5},
            new long[] {1L << 40},
            new long[] {3, 4},
            new float[] {},
            new float[] {7});
    try (ExampleStore store = new ExampleStore(temp.resolve("examples"))) {
      store.add(TinyModel.example("first", 1, 1, 1), 1);
      store.add(given, 0.25);

      assertThat(store.size()).isEqualTo(2);
      assertThat(store.get(1)).usingRecursiveComparison().isEqualTo(given);
      assertThat(store.get(0).id()).isEqualTo("first");
      assertThat(store.weights()).containsExactly(1, 0.25);
      assertThat(store.buckets()).containsExactly("4x4/320", "4x2/2/edited");
    }
  }
}
