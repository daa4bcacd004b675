package io.fluxspark.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fluxspark.Golden;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelWriter;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Latents;
import io.fluxspark.sampling.Schedule;
import io.fluxspark.transformer.FixedGuidance;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.weights.StoredType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Students that start as their teachers, and what teachers answer. */
class DistillationTest {
  private static final int ROWS = 3;
  private static final int COLUMNS = 2;
  private static final int TEXT_TOKENS = 4;

  private final long openBefore = TensorScope.openValues();
  @TempDir private Path temp;

  @AfterEach
  void nothingStaysOpen() {
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  private static NativeTensor normal(TensorScope scope, int seed, int... shape) {
    long[] sizes = new long[shape.length];
    int count = 1;
    for (int i = 0; i < shape.length; i++) {
      sizes[i] = shape[i];
      count *= shape[i];
    }
    return scope.floats(TinyModel.normal(new SplittableRandom(seed), count), sizes);
  }

  private static Transformer transformer(Path folder) {
    return Transformer.load(
        TransformerConfig.read(folder.resolve("transformer")),
        TinyModel.checkpoint(folder),
        Device.cpu(),
        DataType.FLOAT32);
  }

  private static Rotary rotary(TensorScope scope, TransformerConfig config) {
    return Rotary.of(
        scope, config.axesDimsRope(), TEXT_TOKENS, List.of(new Rotary.Grid(0, ROWS, COLUMNS)));
  }

  /** What a model folder's transformer says of some noise, with these scales of guidance. */
  private static float[] velocity(Path folder, float... guidance) {
    TransformerConfig config = TransformerConfig.read(folder.resolve("transformer"));
    int batch = guidance.length;
    try (Transformer transformer = transformer(folder);
        TensorScope scope = new TensorScope(Device.cpu())) {
      return transformer
          .velocity(
              scope,
              normal(scope, 1, batch, ROWS * COLUMNS, config.inChannels()),
              transformer.embedText(
                  scope, normal(scope, 2, batch, TEXT_TOKENS, config.jointAttentionDim())),
              normal(scope, 3, batch, config.pooledProjectionDim()),
              scope.floats(new float[] {700, 150}, batch),
              scope.floats(guidance, batch),
              rotary(scope, config))
          .toFloats();
    }
  }

  private Path written(String base, Parameters weights, boolean guidanceEmbeds) {
    Path target = temp.resolve("student");
    ModelWriter.write(
        ModelFolder.open(Golden.path(base)),
        target,
        Map.of("transformer", weights),
        StoredType.F32);
    ModelWriter.configure(
        target, "transformer", config -> config.put("guidance_embeds", guidanceEmbeds));
    return target;
  }

  /** The transformer's sinusoids are of float32 angles, up to some thousands. */
  private static void assertClose(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(5e-5f));
    }
  }

  @Test
  void aStudentWithAGuidanceEmbeddingStartsAsItsTeacherWithout() {
    Path teacher = Golden.path("schnell");
    TransformerConfig config =
        TransformerConfig.read(teacher.resolve("transformer")).withGuidanceEmbeds(true);
    try (Parameters weights =
        FirstWeights.withGuidance(config, TinyModel.checkpoint(teacher), Device.cpu(), 1)) {
      Path student = written("schnell", weights, true);

      assertThat(TransformerConfig.read(student.resolve("transformer"))).isEqualTo(config);
      assertThat(velocity(student, 1.5f, 4)).isEqualTo(velocity(teacher, 0, 0));
    }
  }

  @Test
  void aStudentWithoutAGuidanceEmbeddingStartsAsItsTeacherAtAScale() {
    Path teacher = Golden.path("dev");
    TransformerConfig config = TransformerConfig.read(teacher.resolve("transformer"));
    try (Parameters weights =
        FixedGuidance.weights(config, TinyModel.checkpoint(teacher), Device.cpu(), 2.5)) {
      Path student = written("dev", weights, false);

      assertThat(ModelFolder.open(student).transformerConfig().guidanceEmbeds()).isFalse();
      assertClose(velocity(student, 0, 0), velocity(teacher, 2.5f, 2.5f));
      assertThat(velocity(teacher, 2.5f, 2.5f)).isNotEqualTo(velocity(teacher, 1, 1));
    }
  }

  private static Objective.Batch batch(TensorScope scope, TransformerConfig config) {
    TextLearner.Text text = text(scope, config, 20);
    TextLearner.Text empty = text(scope, config, 30);
    return new Objective.Batch(
        normal(scope, 11, 2, ROWS * COLUMNS, config.inChannels()),
        normal(scope, 12, 2, ROWS * COLUMNS, config.inChannels()),
        Optional.empty(),
        ROWS,
        COLUMNS,
        text,
        () -> empty);
  }

  private static TextLearner.Text text(TensorScope scope, TransformerConfig config, int seed) {
    return new TextLearner.Text(
        normal(scope, seed, 2, TEXT_TOKENS, config.jointAttentionDim()),
        normal(scope, seed + 1, 2, config.pooledProjectionDim()));
  }

  @Test
  void guidanceDistillationAnswersWithClassifierFreeGuidance() {
    Path folder = Golden.path("schnell");
    TransformerConfig config = TransformerConfig.read(folder.resolve("transformer"));
    try (Transformer transformer = transformer(folder);
        Latents latents = Latents.load(Device.cpu());
        Mixtures mixtures = new Mixtures(Device.cpu());
        TensorScope scope = new TensorScope(Device.cpu())) {
      Objective.Batch batch = batch(scope, config);

      Objective.Question question =
          new GuidanceDistillation(
                  new Teacher(config, transformer, latents),
                  new Timesteps(Timesteps.Density.UNIFORM, 0, 1, 1),
                  2,
                  5,
                  mixtures)
              .ask(scope, batch, new SplittableRandom(1));

      float[] x = batch.x().toFloats();
      float[] noise = batch.noise().toFloats();
      float[] shown = question.shown().toFloats();
      float[] positive = says(scope, transformer, config, question, batch.text());
      float[] negative = says(scope, transformer, config, question, batch.emptyText().get());
      float[] expected = new float[positive.length];
      int size = expected.length / 2;
      for (int i = 0; i < expected.length; i++) {
        float t = (float) question.timesteps()[i / size] / 1000;
        float scale = (float) question.guidance()[i / size];
        assertThat(scale).isBetween(2f, 5f);
        assertThat(shown[i]).isCloseTo((1 - t) * x[i] + t * noise[i], within(1e-5f));
        expected[i] = negative[i] + scale * (positive[i] - negative[i]);
      }
      assertThat(question.timesteps()[0]).isNotEqualTo(question.timesteps()[1]);
      assertClose(question.answer().toFloats(), expected);
    }
  }

  private static float[] says(
      TensorScope scope,
      Transformer transformer,
      TransformerConfig config,
      Objective.Question question,
      TextLearner.Text text) {
    return transformer
        .velocity(
            scope,
            question.shown(),
            transformer.embedText(scope, text.hidden()),
            text.pooled(),
            Batches.each(scope, question.timesteps()),
            Batches.each(scope, question.guidance()),
            rotary(scope, config))
        .toFloats();
  }

  @Test
  void aTeacherOfOneVelocityTeachesThatVelocity() {
    Path golden = Golden.path("schnell");
    TransformerConfig config = TransformerConfig.read(golden.resolve("transformer"));
    float[] constant = TinyModel.normal(new SplittableRandom(5), config.outChannels());
    try (Parameters weights = TinyModel.transformer(golden, config);
        TensorScope scope = new TensorScope(Device.cpu())) {
      int inner = config.innerDim();
      weights.set(
          "proj_out.weight",
          scope.floats(new float[inner * constant.length], constant.length, inner));
      weights.set("proj_out.bias", scope.floats(constant, constant.length));
      Path teacher = written("schnell", weights, false);
      ModelFolder folder = ModelFolder.open(teacher);
      try (Transformer transformer = transformer(teacher);
          Latents latents = Latents.load(Device.cpu());
          Mixtures mixtures = new Mixtures(Device.cpu())) {
        Objective.Question question =
            new StepDistillation(
                    new Teacher(config, transformer, latents),
                    folder.scheduleConfig(),
                    3,
                    4,
                    2.5,
                    mixtures)
                .ask(scope, batch(scope, config), new SplittableRandom(2));

        float[] answer = question.answer().toFloats();
        for (int i = 0; i < answer.length; i++) {
          assertThat(answer[i]).isCloseTo(constant[i % constant.length], within(1e-4f));
        }
        float[] sigmas = Schedule.of(folder.scheduleConfig(), 3, ROWS * COLUMNS).sigmas();
        assertThat(DoubleStream.of(question.timesteps()).boxed())
            .isSubsetOf(1000.0 * sigmas[0], 1000.0 * sigmas[1], 1000.0 * sigmas[2]);
      }
    }
  }
}
