package io.fluxspark.pipeline;

import io.fluxspark.program.DataType;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.request.Bucket;
import io.fluxspark.request.Task;
import io.fluxspark.text.T5Config;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.transformer.TransformerMemory;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import io.fluxspark.weights.WeightPlan;
import java.util.Map;
import java.util.Set;

/**
 * The cost of a FLUX.1 model's pictures.
 *
 * @param storage how the transformer takes its matrices
 * @param clip numbers of CLIP's weights
 * @param t5Whole of T5's
 * @param t5Left of T5's, without those of the blocks
 * @param transformerWhole of the transformer's
 * @param transformerLeft of the transformer's, without those that modulate
 * @param inInt8 of the transformer's, where blocks multiply in int8
 * @param inFloat8 of the transformer's, where blocks multiply in float8
 * @param autoencoder of the autoencoder's
 */
record FluxCost(
    TransformerConfig transformer,
    T5Config t5,
    VaeConfig vae,
    WeightStorage storage,
    Numbers clip,
    Numbers t5Whole,
    Numbers t5Left,
    Numbers transformerWhole,
    Numbers transformerLeft,
    Narrow inInt8,
    Narrow inFloat8,
    Numbers autoencoder)
    implements ModelCost {

  /**
   * How many numbers some weights have.
   *
   * @param computed that have the type in which they compute
   * @param float8 that stay in float8
   */
  record Numbers(long computed, long float8) {
    static Numbers of(ModelParts.Part part) {
      return new Numbers(
          part.plan().parameters() - part.float8Parameters(), part.float8Parameters());
    }

    long bytes(DataType type) {
      return computed * type.bytes() + float8 * DataType.FLOAT8_E4M3FN.bytes();
    }
  }

  /**
   * A transformer's weights where its blocks multiply in a type of one byte.
   *
   * @param products numbers in what is multiplied so
   * @param others of all others
   * @param othersLeft of the others, without those that modulate
   */
  record Narrow(long products, Numbers others, Numbers othersLeft) {
    static Narrow of(
        ModelParts.Part transformer, TransformerConfig config, WeightStorage products) {
      WeightPlan whole = transformer.plan();
      ModelParts.Part others =
          transformer.with(Transformer.planWithoutProducts(whole, config, products));
      return new Narrow(
          whole.parameters() - others.plan().parameters(),
          Numbers.of(others),
          Numbers.of(others.with(Transformer.planWithModulationOnHost(others.plan()))));
    }

    long bytes(DataType type, boolean isModulationOnHost) {
      return products + (isModulationOnHost ? othersLeft : others).bytes(type);
    }
  }

  static FluxCost of(ModelFolder folder) {
    Map<String, ModelParts.Part> parts = ModelParts.of(folder);
    ModelParts.Part t5 = parts.get("text_encoder_2");
    ModelParts.Part transformer = parts.get("transformer");
    return new FluxCost(
        folder.transformerConfig(),
        folder.textEncoder2Config(),
        folder.vaeConfig(),
        transformer.storage(),
        Numbers.of(parts.get("text_encoder")),
        Numbers.of(t5),
        Numbers.of(t5.with(T5Encoder.planOnHost(t5.plan()))),
        Numbers.of(transformer),
        Numbers.of(transformer.with(Transformer.planWithModulationOnHost(transformer.plan()))),
        Narrow.of(
            transformer.withoutFloat8(), folder.transformerConfig(), WeightStorage.INT8_PRODUCTS),
        Narrow.of(transformer, folder.transformerConfig(), WeightStorage.FLOAT8_PRODUCTS),
        Numbers.of(parts.get("vae")));
  }

  @Override
  public double denoisingFlops(Bucket bucket) {
    return bucket.transformerCalls()
        * transformer.flops(imageTokens(bucket) + bucket.maxSequenceLength());
  }

  @Override
  public double reusedFlops(Bucket bucket) {
    double blocks = transformer.numLayers() + transformer.numSingleLayers();
    long tokens = imageTokens(bucket) + bucket.maxSequenceLength();
    return transformer.flops(tokens) * (blocks - 1) / blocks;
  }

  @Override
  public ModelMemory memory(Bucket bucket, int batchSize, DataType type, Set<Offload> offload) {
    DataType textType = FluxModel.textType(type);
    DataType vaeType = FluxModel.vaeType(type);
    boolean isTextOnHost = offload.contains(Offload.TEXT_ENCODER);
    boolean isModulationOnHost = offload.contains(Offload.MODULATION);
    boolean isDecodingOnHost = offload.contains(Offload.DECODING);
    return new ModelMemory(
        clip.bytes(textType)
            + (isTextOnHost ? t5Left : t5Whole).bytes(textType)
            + transformerBytes(type, isModulationOnHost)
            + autoencoder.bytes(vaeType),
        bucket.givenEmbeds() ? 0 : encoding(bucket, textType, isTextOnHost),
        denoising(bucket, batchSize, type, isModulationOnHost),
        isDecodingOnHost
            ? Vae.decodingBytesInStrips(vae, vaeType, rows(bucket), columns(bucket))
            : Vae.decodingBytes(vae, vaeType, rows(bucket), columns(bucket)),
        isDecodingOnHost ? Vae.hostBytesInStrips(vae, vaeType, rows(bucket), columns(bucket)) : 0);
  }

  private long transformerBytes(DataType type, boolean isModulationOnHost) {
    DataType blockType = FluxModel.blockType(type);
    return switch (type) {
      case INT8 -> inInt8.bytes(blockType, isModulationOnHost);
      case FLOAT8_E4M3FN -> inFloat8.bytes(blockType, isModulationOnHost);
      default -> (isModulationOnHost ? transformerLeft : transformerWhole).bytes(blockType);
    };
  }

  private long denoising(Bucket bucket, int batchSize, DataType type, boolean isModulationOnHost) {
    TransformerMemory call =
        new TransformerMemory(
            transformer,
            FluxModel.blockType(type),
            FluxModel.storage(storage, type),
            batchSize,
            imageTokens(bucket),
            bucket.maxSequenceLength(),
            bucket.numInferenceSteps() - bucket.firstStep());
    long modulating = isModulationOnHost ? call.modulatingFromHost() : call.modulating();
    long stepping = bucket.firstBlockCache() ? call.steppingWithFirstBlockCache() : call.stepping();
    // The negative prompt's are there too, whichever of both is used.
    long besides = bucket.trueCfg() ? call.given() : 0;
    long kept = bucket.trueCfg() && bucket.firstBlockCache() ? call.keptByFirstBlockCache() : 0;
    return besides + Math.max(modulating, kept + stepping);
  }

  /** Texts are encoded one by one. */
  private long encoding(Bucket bucket, DataType type, boolean isOnHost) {
    int tokens = bucket.maxSequenceLength();
    return isOnHost
        ? T5Encoder.encodingBytesOnHost(t5, type, 1, tokens)
        : T5Encoder.encodingBytes(t5, type, 1, tokens);
  }

  private long rows(Bucket bucket) {
    return bucket.height() / (2L * vae.scaleFactor());
  }

  private long columns(Bucket bucket) {
    return bucket.width() / (2L * vae.scaleFactor());
  }

  /**
   * S. A Kontext model's picture counts as one of the output's size, which it is but for rounding
   * unless it keeps its own.
   */
  private long imageTokens(Bucket bucket) {
    return (bucket.task() == Task.KONTEXT ? 2 : 1) * rows(bucket) * columns(bucket);
  }
}
