package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Float8Weights;
import io.fluxspark.program.Opened;
import io.fluxspark.program.PackedWeights;
import io.fluxspark.program.TensorScope;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.sampling.Latents;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.ClipTokenizer;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.text.T5Tokenizer;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.vae.Vae;
import io.fluxspark.weights.LoraTerms;
import io.fluxspark.weights.LowRank;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The loaded parts of a pipeline folder, and their owner. */
final class FluxModel implements AutoCloseable {
  private final Opened opened = new Opened();
  private final ModelFolder folder;
  private final Device device;
  private ClipTokenizer clipTokenizer;
  private T5Tokenizer t5Tokenizer;
  private ClipTextEncoder clip;
  private T5Encoder t5;
  private TextEncoding texts;
  private Transformer transformer;
  private Vae vae;
  private Latents latents;

  private FluxModel(ModelFolder folder, Device device) {
    this.folder = folder;
    this.device = device;
  }

  /**
   * Loads every part.
   *
   * @param type in which the transformer computes. float16 is too narrow for T5 and the
   *     autoencoder, which compute in bfloat16 and float32 then; of int8 and float8 see {@link
   *     #blockType} and {@link #storage}
   * @param offload what stays in the host's memory
   */
  static FluxModel load(ModelFolder folder, Device device, DataType type, Set<Offload> offload) {
    if (type == DataType.INT8 && !PackedWeights.takesInt8(device)) {
      throw new FluxSparkException(
          ErrorCode.DEVICE_ERROR,
          "dtype int8 needs a CPU that multiplies in it (VNNI), which "
              + (device.isCuda() ? "a GPU is not" : "this one does not")
              + "; bfloat16 is right here");
    }
    if (type == DataType.FLOAT8_E4M3FN
        && device.isCuda()
        && !Float8Weights.areMultipliedBy(device)) {
      throw new FluxSparkException(
          ErrorCode.DEVICE_ERROR,
          "dtype float8_e4m3fn needs a GPU that multiplies in it (Ada or Hopper, compute capability"
              + " 8.9 or 9.0), which this one does not; bfloat16 is right here");
    }
    FluxModel model = new FluxModel(folder, device);
    try {
      model.loadParts(type, offload);
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** In which the text encoders compute, by the transformer's type. */
  static DataType textType(DataType type) {
    return type == DataType.FLOAT16 ? DataType.BFLOAT16 : blockType(type);
  }

  /** In which the transformer's blocks compute what is no product of a linear layer. */
  static DataType blockType(DataType type) {
    return type.isFloating() ? type : DataType.BFLOAT16;
  }

  /**
   * How the transformer's matrices are kept: as they are stored, or in int8 or float8 to be
   * multiplied so.
   */
  static WeightStorage storage(WeightStorage stored, DataType type) {
    return switch (type) {
      case INT8 -> WeightStorage.INT8_PRODUCTS;
      case FLOAT8_E4M3FN -> WeightStorage.FLOAT8_PRODUCTS;
      default -> stored;
    };
  }

  /** In which the autoencoder computes, by the transformer's type. */
  static DataType vaeType(DataType type) {
    return type == DataType.FLOAT16 ? DataType.FLOAT32 : blockType(type);
  }

  private void loadParts(DataType type, Set<Offload> offload) {
    clipTokenizer = opened.add(ClipTokenizer.open(folder.tokenizer()));
    t5Tokenizer = opened.add(T5Tokenizer.open(folder.tokenizer2()));
    clip =
        opened.add(
            ClipTextEncoder.load(
                folder.textEncoderConfig(), folder.textEncoder(), device, textType(type)));
    t5 =
        opened.add(
            offload.contains(Offload.TEXT_ENCODER)
                ? T5Encoder.loadOnHost(
                    folder.textEncoder2Config(), folder.textEncoder2(), device, textType(type))
                : T5Encoder.load(
                    folder.textEncoder2Config(), folder.textEncoder2(), device, textType(type)));
    texts = opened.add(new TextEncoding(clipTokenizer, t5Tokenizer, clip, t5));
    transformer =
        opened.add(
            offload.contains(Offload.MODULATION)
                ? Transformer.loadWithModulationOnHost(
                    folder.transformerConfig(),
                    folder.transformer(),
                    device,
                    blockType(type),
                    storage(folder.transformer().storage(), type))
                : Transformer.load(
                    folder.transformerConfig(),
                    folder.transformer(),
                    device,
                    blockType(type),
                    storage(folder.transformer().storage(), type)));
    vae = opened.add(Vae.load(folder.vaeConfig(), folder.vae(), device, vaeType(type)));
    latents = opened.add(Latents.load(device));
  }

  /**
   * This model with LoRAs. It shares this one's weights, which must stay open as long as it is;
   * closing it leaves them open.
   *
   * @param loras that fit the model
   */
  FluxModel adapted(List<LoraTerms.Scaled> loras) {
    FluxModel model = new FluxModel(folder, device);
    try {
      TensorScope terms = model.opened.add(new TensorScope(device));
      model.clipTokenizer = clipTokenizer;
      model.t5Tokenizer = t5Tokenizer;
      model.vae = vae;
      model.latents = latents;
      Map<String, LowRank> clipTerms =
          withoutPrefix(LoraTerms.read(loras, "text_encoder", terms, clip.type()));
      Map<String, LowRank> t5Terms = LoraTerms.read(loras, "text_encoder_2", terms, t5.type());
      model.clip = model.opened.add(clip.adapted(clipTerms));
      model.t5 = model.opened.add(t5.adapted(t5Terms));
      model.texts =
          clipTerms.isEmpty() && t5Terms.isEmpty()
              ? texts
              : model.opened.add(
                  new TextEncoding(clipTokenizer, t5Tokenizer, model.clip, model.t5));
      model.transformer =
          model.opened.add(
              transformer.adapted(LoraTerms.read(loras, "transformer", terms, transformer.type())));
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** Newer checkpoints of CLIP, and the programs, leave out what older ones put in front. */
  private static Map<String, LowRank> withoutPrefix(Map<String, LowRank> terms) {
    Map<String, LowRank> named = new TreeMap<>();
    terms.forEach((module, term) -> named.put(module.replaceFirst("^text_model\\.", ""), term));
    return named;
  }

  ModelFolder folder() {
    return folder;
  }

  Device device() {
    return device;
  }

  TextEncoding texts() {
    return texts;
  }

  Transformer transformer() {
    return transformer;
  }

  Vae vae() {
    return vae;
  }

  Latents latents() {
    return latents;
  }

  @Override
  public void close() {
    opened.close();
  }
}
