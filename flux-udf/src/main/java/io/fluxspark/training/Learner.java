package io.fluxspark.training;

import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** What is learnt: the weights, and how a batch's loss and gradients come about. */
public interface Learner extends AutoCloseable {
  /** The models whose weights change, in a fixed order. */
  List<TrainedPart> parts();

  /**
   * A model of the pipeline whose weights change.
   *
   * @param name of its sub folder, such as {@code transformer}
   * @param weights float32, under the programs' names
   */
  record TrainedPart(String name, Parameters weights) {}

  /**
   * Adds the gradients of some examples' mean loss. Several threads may call it at once, with sums
   * of their own.
   *
   * @param random decides everything that is random
   * @param sums of the gradients, one for each part
   * @param share by how much the mean counts
   * @return the mean loss, as {@code loss}, and what it consists of
   */
  Map<String, Double> gradients(
      TensorScope temporary,
      List<Example> examples,
      SplittableRandom random,
      List<Parameters> sums,
      double share);

  @Override
  void close();
}
