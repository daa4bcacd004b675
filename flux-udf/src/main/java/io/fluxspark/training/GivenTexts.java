package io.fluxspark.training;

import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.training.Learner.TrainedPart;
import java.util.List;

/**
 * Texts that were encoded before.
 *
 * @param jointAttentionDim size of a token that T5 gives
 */
record GivenTexts(int jointAttentionDim) implements TextLearner {
  @Override
  public List<TrainedPart> parts() {
    return List.of();
  }

  @Override
  public Text encode(TensorScope owner, List<Example> examples) {
    int pooled = examples.get(0).pooled().length;
    int tokens = examples.get(0).hidden().length / jointAttentionDim;
    return new Text(
        Batches.floats(owner, examples, Example::hidden, tokens, jointAttentionDim),
        Batches.floats(owner, examples, Example::pooled, pooled));
  }

  @Override
  public void gradients(List<Example> examples, List<Parameters> sums, Text gradients) {}

  @Override
  public void close() {}
}
