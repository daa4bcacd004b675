package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.training.TrainingRun;
import java.util.Optional;

/**
 * What a {@code train} job was asked for.
 *
 * @param data file, folder or table with pictures and captions
 * @param dataFormat one of {@link PromptFormat}'s names
 * @param output folder of everything that the training leaves
 * @param model to go on from
 * @param init configuration of a new model
 */
record TrainRequest(
    String data,
    Optional<String> dataFormat,
    String output,
    Optional<String> model,
    Optional<String> init,
    TrainingRun.Plan plan) {
  TrainRequest {
    if (model.isPresent() == init.isPresent()) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--model, --init: one of them is needed, a model to go on from or the configuration of a"
              + " new one");
    }
    dataFormat.ifPresent(PromptFormat::fromName);
  }
}
