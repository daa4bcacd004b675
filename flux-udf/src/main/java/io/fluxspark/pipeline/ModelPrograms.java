package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Program;
import io.fluxspark.sampling.Latents;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.vae.Vae;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The tensor programs that a model runs, as files: they hold its computation and no weight. */
public final class ModelPrograms {
  private ModelPrograms() {}

  /**
   * Writes each program as {@code NAME.py}, its TorchScript as text, and as {@code NAME.pt}, the
   * archive that {@code torch.jit.load} opens.
   *
   * @param type as {@link FluxPipeline#load(ModelFolder, io.fluxspark.program.Device, DataType)}
   *     has it
   * @param target a folder, made where it is not there
   * @throws FluxSparkException {@code INVALID_OUTPUT} when it cannot be written
   */
  public static void write(ModelFolder folder, DataType type, Path target) {
    List<Program> programs =
        List.of(
            ClipTextEncoder.program(folder.textEncoderConfig(), FluxModel.textType(type)),
            T5Encoder.program(folder.textEncoder2Config(), FluxModel.textType(type)),
            Transformer.program(
                folder.transformerConfig(),
                FluxModel.blockType(type),
                FluxModel.storage(folder.transformer().storage(), type)),
            Vae.program(folder.vaeConfig(), FluxModel.vaeType(type)),
            Vae.stripsProgram(folder.vaeConfig(), FluxModel.vaeType(type)),
            Latents.program());
    try {
      Files.createDirectories(target);
      for (Program program : programs) {
        Files.writeString(target.resolve(program.name() + ".py"), program.text());
        try (OutputStream out = Files.newOutputStream(target.resolve(program.name() + ".pt"))) {
          program.write(out);
        }
      }
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT, target + ": cannot be written: " + e.getMessage(), e);
    }
  }
}
