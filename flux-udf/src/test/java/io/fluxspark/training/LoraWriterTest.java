package io.fluxspark.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.Golden;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.transformer.TransformerTraining;
import io.fluxspark.weights.LoraFile;
import io.fluxspark.weights.LoraModule;
import io.fluxspark.weights.LoraTerms;
import io.fluxspark.weights.StoredType;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraWriterTest {
  private static final LowRankSettings SETTINGS =
      new LowRankSettings(2, 3, List.of("attn.to_q", "transformer_blocks.1.ff.net.2"));

  private final long openBefore = TensorScope.openValues();
  private final Path folder = Golden.path("dev");
  private final TransformerConfig config = TransformerConfig.read(folder.resolve("transformer"));
  @TempDir private Path temp;

  @AfterEach
  void nothingStaysOpen() {
    assertThat(TensorScope.openValues()).isEqualTo(openBefore);
  }

  /** Factors of which none is zero. */
  private Parameters factors() {
    Parameters factors = FirstWeights.lowRank(Transformer.plan(config), SETTINGS, Device.cpu(), 1);
    try (TensorScope scope = new TensorScope(Device.cpu())) {
      for (String name : factors.names()) {
        if (name.endsWith(Method.LORA_B)) {
          assertThat(factors.get(name).toFloats()).containsOnly(0);
          long[] shape = factors.get(name).shape();
          factors.set(
              name,
              scope.floats(
                  TinyModel.normal(
                      new SplittableRandom(name.hashCode()), (int) (shape[0] * shape[1])),
                  shape));
        }
      }
    }
    return factors;
  }

  private LoraFile written(Parameters factors) {
    LoraWriter.write(temp.resolve("lora"), factors, SETTINGS, StoredType.F32);
    return LoraFile.open(temp.resolve("lora").resolve(LoraWriter.FILE));
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    try (Parameters factors = factors()) {
      LoraFile file = written(factors);

      file.verify(ModelFolder.open(folder).adaptable());
      assertThat(file.modules())
          .extracting(LoraModule::module)
          .containsExactlyInAnyOrder(
              "transformer_blocks.0.attn.to_q",
              "transformer_blocks.1.attn.to_q",
              "single_transformer_blocks.0.attn.to_q",
              "single_transformer_blocks.1.attn.to_q",
              "transformer_blocks.1.ff.net.2");
      assertThat(file.modules())
          .allSatisfy(
              module -> {
                assertThat(module.part()).isEqualTo("transformer");
                assertThat(module.rank()).isEqualTo(2);
                assertThat(module.alpha()).isEqualTo(3);
              });
    }
  }

  /** The training program's distance from what the adapted model says is 0. */
  @Test
  void theAdaptedModelSaysWhatTheTrainingProgramPredicts() {
    try (Parameters factors = factors();
        Parameters frozen = TinyModel.transformer(folder, config);
        Parameters sums = factors.zeros();
        Transformer base =
            Transformer.load(config, TinyModel.checkpoint(folder), Device.cpu(), DataType.FLOAT32);
        TransformerTraining training =
            TransformerTraining.load(config, Device.cpu(), DataType.FLOAT32, SETTINGS.factor());
        TransformerTraining checkpointed =
            TransformerTraining.loadCheckpointed(
                config, Device.cpu(), DataType.FLOAT32, SETTINGS.factor());
        TensorScope scope = new TensorScope(Device.cpu());
        Transformer adapted =
            base.adapted(
                LoraTerms.read(
                    List.of(new LoraTerms.Scaled(written(factors), 1)),
                    "transformer",
                    scope,
                    DataType.FLOAT32))) {
      SplittableRandom random = new SplittableRandom(3);
      TransformerTraining.Shown shown =
          new TransformerTraining.Shown(
              scope.floats(TinyModel.normal(random, 6 * 64), 1, 6, 64),
              scope.floats(TinyModel.normal(random, 4 * 64), 1, 4, 64),
              scope.floats(TinyModel.normal(random, 32), 1, 32),
              scope.floats(new float[] {400}, 1),
              scope.floats(new float[] {3.5f}, 1),
              Rotary.of(scope, config.axesDimsRope(), 4, List.of(new Rotary.Grid(0, 2, 3))));
      for (TransformerTraining some : List.of(training, checkpointed)) {
        List<Parameters> weights = List.of(frozen, factors);
        assertThat(loss(scope, some, weights, sums, shown, says(scope, adapted, shown)))
            .isLessThan(1e-10f);
        assertThat(loss(scope, some, weights, sums, shown, says(scope, base, shown)))
            .isGreaterThan(1e-4f);
      }
      for (String name : sums.names()) {
        float[] gradient = sums.get(name).toFloats();
        assertThat(gradient).as(name).isNotEqualTo(new float[gradient.length]);
      }
    }
  }

  private static float loss(
      TensorScope scope,
      TransformerTraining training,
      List<Parameters> weights,
      Parameters sums,
      TransformerTraining.Shown shown,
      NativeTensor target) {
    return training
        .gradients(scope, weights, sums, shown, target, new float[] {1})
        .losses()
        .toFloats()[0];
  }

  private static NativeTensor says(
      TensorScope scope, Transformer transformer, TransformerTraining.Shown shown) {
    return transformer.velocity(
        scope,
        shown.latents(),
        transformer.embedText(scope, shown.t5Hidden()),
        shown.pooled(),
        shown.timestep(),
        shown.guidance(),
        shown.rotary());
  }

  @Test
  void aTargetThatIsNoLayerIsRefused() {
    assertThatThrownBy(
            () ->
                FirstWeights.lowRank(
                    Transformer.plan(config),
                    new LowRankSettings(2, 2, List.of("attn.to_q", "to_z")),
                    Device.cpu(),
                    1))
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessage(
            "--target-modules: 'to_z' is no linear layer of the transformer; names are such as"
                + " attn.to_q or single_transformer_blocks.0.proj_out");
  }
}
