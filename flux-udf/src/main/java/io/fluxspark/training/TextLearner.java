package io.fluxspark.training;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import java.util.List;

/** Where the transformer's text comes from: given numbers, or encoders that learn with it. */
interface TextLearner extends AutoCloseable {
  /**
   * What the transformer is told.
   *
   * @param hidden T5's, (B, L, joint_attention_dim), float32
   * @param pooled CLIP's, (B, pooled_projection_dim), float32
   */
  record Text(NativeTensor hidden, NativeTensor pooled) {}

  /** The encoders that learn; none where the numbers are given. */
  List<Learner.TrainedPart> parts();

  /** The texts of some examples. */
  Text encode(TensorScope owner, List<Example> examples);

  /**
   * Adds the gradients of the encoders.
   *
   * @param sums one for each part
   */
  void gradients(List<Example> examples, List<Parameters> sums, Text gradients);

  @Override
  void close();
}
