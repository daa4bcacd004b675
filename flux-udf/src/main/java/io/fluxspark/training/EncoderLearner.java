package io.fluxspark.training;

import io.fluxspark.program.Opened;
import io.fluxspark.program.Parameters;
import io.fluxspark.program.TensorScope;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.ClipTraining;
import io.fluxspark.text.T5Config;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.text.T5Training;
import io.fluxspark.training.Learner.TrainedPart;
import java.util.List;

/** Encoders that learn with the transformer, in float32. */
final class EncoderLearner implements TextLearner {
  private final Opened opened = new Opened();
  private final Parameters clipWeights;
  private final Parameters t5Weights;
  private final ClipTextEncoder clip;
  private final T5Encoder t5;
  private final ClipTraining clipTraining;
  private final T5Training t5Training;

  /** The weights stay the caller's. */
  EncoderLearner(
      ClipConfig clipConfig, Parameters clipWeights, T5Config t5Config, Parameters t5Weights) {
    this.clipWeights = clipWeights;
    this.t5Weights = t5Weights;
    try {
      this.clip = opened.add(ClipTextEncoder.of(clipConfig, clipWeights));
      this.t5 = opened.add(T5Encoder.of(t5Config, t5Weights));
      this.clipTraining = opened.add(ClipTraining.load(clipConfig, clipWeights.device()));
      this.t5Training = opened.add(T5Training.load(t5Config, t5Weights.device()));
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  @Override
  public List<TrainedPart> parts() {
    return List.of(
        new TrainedPart("text_encoder", clipWeights), new TrainedPart("text_encoder_2", t5Weights));
  }

  @Override
  public Text encode(TensorScope owner, List<Example> examples) {
    return new Text(t5.encode(owner, t5Ids(examples)), clip.pooled(owner, clipIds(examples)));
  }

  @Override
  public void gradients(List<Example> examples, List<Parameters> sums, Text gradients) {
    clipTraining.gradients(clipWeights, sums.get(0), clipIds(examples), gradients.pooled());
    t5Training.gradients(t5Weights, sums.get(1), t5Ids(examples), gradients.hidden());
  }

  private static long[][] clipIds(List<Example> examples) {
    return examples.stream().map(Example::clipIds).toArray(long[][]::new);
  }

  private static long[][] t5Ids(List<Example> examples) {
    return examples.stream().map(Example::t5Ids).toArray(long[][]::new);
  }

  @Override
  public void close() {
    opened.close();
  }
}
