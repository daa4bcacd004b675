package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * AdamW (Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization"), as PyTorch's fused
 * implementation computes it, with the gradient's norm cut and an exponential moving average of the
 * weights. It owns what it keeps of each weight. Used by one thread at a time.
 */
public final class AdamW implements AutoCloseable {
  private static final double EPS = 1e-8;

  /** Keeps the direction of a gradient that is cut from being 0 / 0. */
  private static final double NORM_EPS = 1e-6;

  private static final Program PROGRAM =
      new Program(
          "AdamW",
          """
      def add(self: __torch__.AdamW, sums: List[Tensor], others: List[Tensor]) -> Tensor:
        torch._foreach_add_(sums, others)
        torch._foreach_zero_(others)
        return sums[0]
      def norm(self: __torch__.AdamW, gradients: List[Tensor]) -> Tensor:
        return torch.norm(torch.stack(torch._foreach_norm(gradients)))
      def step(self: __torch__.AdamW, weights: List[Tensor], gradients: List[Tensor], m: List[Tensor], v: List[Tensor], average: List[Tensor], step: float, lr: float, beta1: float, beta2: float, decay: float, eps: float, factor: float, renewal: float) -> Tensor:
        torch._foreach_mul_(gradients, factor)
        count = torch.new_full(weights[0], annotate(List[int], []), step, dtype=6)
        steps = annotate(List[Tensor], [])
        for i in range(torch.len(weights)):
          _0 = torch.append(steps, count)
        torch._fused_adamw_(weights, gradients, m, v, annotate(List[Tensor], []), steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
        torch._foreach_lerp_(average, weights, renewal)
        torch._foreach_zero_(gradients)
        return count
      """
              .indent(2));

  private final Opened opened = new Opened();
  private final Parameters weights;
  private final Parameters m;
  private final Parameters v;
  private final Parameters average;
  private final LoadedProgram program;

  /**
   * Starts with no memory, the average being the weights.
   *
   * @param weights that steps change; they stay the caller's
   */
  public AdamW(Parameters weights) {
    this.weights = weights;
    try {
      this.program = opened.add(LoadedProgram.load(PROGRAM, weights.device()));
      this.m = opened.add(weights.zeros());
      this.v = opened.add(weights.zeros());
      this.average = opened.add(weights.copy());
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  /**
   * How a step is made.
   *
   * @param learningRate how far it goes
   * @param beta1 how much the mean of the gradients remembers, 0 to 1
   * @param beta2 how much the mean of their squares remembers, 0 to 1
   * @param weightDecay what is taken from a weight at a step, relative to it and to the rate
   * @param maxGradNorm the gradient of all weights together is cut to this length
   * @param emaDecay how much the weights' average remembers, 0 to 1
   */
  public record Step(
      double learningRate,
      double beta1,
      double beta2,
      double weightDecay,
      double maxGradNorm,
      double emaDecay) {}

  /** Adds gradients of another thread to sums, and makes those zero. */
  public void add(Parameters sums, Parameters others) {
    try (TensorScope temporary = new TensorScope(weights.device())) {
      temporary.tensor(program.invoke("add", sums.list(), others.list()));
    }
  }

  /** The length of the gradient of all weights together. */
  public double norm(Parameters gradients) {
    try (TensorScope temporary = new TensorScope(weights.device())) {
      return temporary.tensor(program.invoke("norm", gradients.list())).toFloats()[0];
    }
  }

  /**
   * One step down the gradient, which becomes zero.
   *
   * @param gradients under the weights' names
   * @param count of this step, from 1 on
   * @param norm the length of the gradient of everything that is trained, by which it is cut
   */
  public void step(Parameters gradients, long count, Step how, double norm) {
    try (TensorScope temporary = new TensorScope(weights.device())) {
      List<IValue> numbers =
          List.of(
              IValue.from((double) count),
              IValue.from(how.learningRate()),
              IValue.from(how.beta1()),
              IValue.from(how.beta2()),
              IValue.from(how.weightDecay()),
              IValue.from(EPS),
              IValue.from(Math.min(1, how.maxGradNorm() / (norm + NORM_EPS))),
              IValue.from(1 - how.emaDecay()));
      try {
        temporary.tensor(
            program.invoke(
                "step",
                weights.list(),
                gradients.list(),
                m.list(),
                v.list(),
                average.list(),
                numbers.get(0),
                numbers.get(1),
                numbers.get(2),
                numbers.get(3),
                numbers.get(4),
                numbers.get(5),
                numbers.get(6),
                numbers.get(7)));
      } finally {
        numbers.forEach(IValue::close);
      }
    }
  }

  /** The means of the gradients. */
  public Parameters m() {
    return m;
  }

  /** The means of their squares. */
  public Parameters v() {
    return v;
  }

  /** The weights' average. */
  public Parameters average() {
    return average;
  }

  @Override
  public void close() {
    opened.close();
  }
}
