package io.fluxspark.weights;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.DeviceCopy;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorFile;
import io.fluxspark.program.TensorLists;
import io.fluxspark.program.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads LoRAs. Several of them count together: their ranks are joined, so that a layer has one term
 * however many there are.
 */
public final class LoraTerms {
  private LoraTerms() {}

  /**
   * A LoRA and by how much it counts.
   *
   * @param scale diffusers' {@code lora_scale}
   */
  public record Scaled(LoraFile file, double scale) {}

  /**
   * The terms of one model of a pipeline.
   *
   * @param part whose, see {@link LoraModule#part}
   * @param owner of the terms' tensors; its device is where they go
   * @param type in which they compute
   * @return by the layer's name in the published checkpoint
   * @throws io.fluxspark.error.FluxSparkException {@code INPUT_OUTPUT} where a file cannot be read
   */
  public static Map<String, LowRank> read(
      List<Scaled> loras, String part, TensorScope owner, DataType type) {
    Map<String, List<Factors>> byModule = new TreeMap<>();
    try (TensorScope temporary = new TensorScope(Device.cpu());
        TensorLists lists = new TensorLists(Device.cpu());
        DeviceCopy copy = new DeviceCopy()) {
      for (Scaled lora : loras) {
        try (TensorFile file = new TensorFile(lora.file().path())) {
          for (LoraModule module : lora.file().modules()) {
            if (module.part().equals(part)) {
              byModule
                  .computeIfAbsent(module.module(), name -> new ArrayList<>())
                  .add(Factors.read(file, module, lora.scale(), lists, temporary));
            }
          }
        }
      }
      Map<String, LowRank> terms = new TreeMap<>();
      byModule.forEach(
          (module, factors) -> {
            List<NativeTensor> downs = factors.stream().map(Factors::down).toList();
            List<NativeTensor> ups = factors.stream().map(Factors::up).toList();
            terms.put(
                module,
                new LowRank(
                    copy.copy(owner, lists.joined(temporary, downs, 0, 1, type)),
                    copy.copy(owner, lists.joined(temporary, ups, 1, 1, type))));
          });
      return terms;
    }
  }

  /** One LoRA's matrices of a layer, (rank, in) and (out, rank), float32, the scale in the last. */
  private record Factors(NativeTensor down, NativeTensor up) {
    static Factors read(
        TensorFile file, LoraModule module, double scale, TensorLists lists, TensorScope owner) {
      TensorEntry down = module.down();
      List<NativeTensor> rows = new ArrayList<>();
      for (TensorRows part : module.up()) {
        rows.add(
            file.tensor(
                owner,
                part.entry().dataType(),
                part.offset(),
                List.of(part.rows(), part.columns()),
                DataType.FLOAT32));
      }
      return new Factors(
          file.tensor(owner, down.dataType(), down.offset(), down.shape(), DataType.FLOAT32),
          lists.joined(owner, rows, 0, scale * module.alpha() / module.rank(), DataType.FLOAT32));
    }
  }
}
