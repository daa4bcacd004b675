package io.fluxspark.jobs;

import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.training.Goal;
import io.fluxspark.training.SampleSettings;
import io.fluxspark.training.TrainingRun;
import java.util.Optional;

/**
 * What a training was asked for.
 *
 * @param data file, folder or table with pictures and captions
 * @param dataFormat one of {@link PromptFormat}'s names
 * @param output folder of everything that the training leaves
 * @param model to go on from
 * @param samples whose prompts may be missing
 */
record TrainRequest(
    String data,
    Optional<String> dataFormat,
    String output,
    String model,
    TrainingRun.Plan plan,
    SampleSettings samples) {
  TrainRequest {
    dataFormat.ifPresent(PromptFormat::fromName);
  }

  /** The same with another goal. */
  TrainRequest withGoal(Goal goal) {
    return new TrainRequest(data, dataFormat, output, model, plan.withGoal(goal), samples);
  }

  /**
   * Where every process finds the model: a built-in one has another folder in each.
   *
   * @param opened {@link #model}, as this process sees it
   */
  String location(ModelFolder opened) {
    return ModelLocation.builtin(model).isPresent() ? model : opened.path().toString();
  }
}
