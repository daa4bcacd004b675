package io.fluxspark.training;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.AdamW;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.weights.SafetensorsFile;
import io.fluxspark.weights.StoredType;
import io.fluxspark.weights.WeightReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a broken run goes on from: everything that steps change, exactly. A checkpoint is a folder
 * {@code step-N} with a safetensors file a model; it is there as a whole or not at all. The last
 * two stay.
 */
final class Checkpoints {
  private static final String PREFIX = "step-";
  private static final int KEPT = 2;

  private final Path folder;

  Checkpoints(Path folder) {
    this.folder = folder;
  }

  /** The steps of the checkpoints that are there, oldest first. */
  private List<Long> steps() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> path.getFileName().toString())
          .filter(name -> name.matches(PREFIX + "\\d+"))
          .map(name -> Long.parseLong(name.substring(PREFIX.length())))
          .sorted()
          .toList();
    }
  }

  /** The step of the newest checkpoint. */
  Optional<Long> latest() {
    try {
      List<Long> steps = steps();
      return steps.isEmpty() ? Optional.empty() : Optional.of(steps.get(steps.size() - 1));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  Path of(long step) {
    return folder.resolve(PREFIX + step);
  }

  /** Saves a step's state, unless it is there. */
  void save(long step, List<Learner.TrainedPart> parts, List<AdamW> optimizers) {
    if (Files.exists(of(step))) {
      return;
    }
    try {
      Files.createDirectories(folder);
      Path unfinished = folder.resolve("unfinished");
      remove(unfinished);
      Files.createDirectory(unfinished);
      for (int i = 0; i < parts.size(); i++) {
        Map<String, NativeTensor> state = new LinkedHashMap<>();
        state(parts.get(i).weights(), optimizers.get(i))
            .forEach(
                (kind, tensors) ->
                    tensors.tensors().forEach((name, t) -> state.put(kind + "." + name, t)));
        SafetensorsFile.write(
            unfinished.resolve(parts.get(i).name() + ".safetensors"),
            state,
            StoredType.F32,
            Map.of("step", Long.toString(step)));
      }
      Files.move(unfinished, of(step), StandardCopyOption.ATOMIC_MOVE);
      List<Long> steps = steps();
      for (long old : steps.subList(0, Math.max(0, steps.size() - KEPT))) {
        remove(of(old));
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void restore(long step, List<Learner.TrainedPart> parts, List<AdamW> optimizers) {
    for (int i = 0; i < parts.size(); i++) {
      Path file = of(step).resolve(parts.get(i).name() + ".safetensors");
      state(parts.get(i).weights(), optimizers.get(i))
          .forEach((kind, tensors) -> WeightReader.restore(file, kind + ".", tensors));
    }
  }

  private static Map<String, Parameters> state(Parameters weights, AdamW optimizer) {
    Map<String, Parameters> state = new LinkedHashMap<>();
    state.put("weights", weights);
    state.put("m", optimizer.m());
    state.put("v", optimizer.v());
    state.put("average", optimizer.average());
    return state;
  }

  private static void remove(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  private FluxSparkException failed(IOException e) {
    return new FluxSparkException(
        ErrorCode.INPUT_OUTPUT, folder + ": checkpoints cannot be kept there: " + e, e);
  }
}
