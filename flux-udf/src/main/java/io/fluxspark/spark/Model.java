package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.ModelCost;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.request.Conditioning;
import io.fluxspark.request.EmbedDims;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.weights.WeightPlan;
import java.util.Map;

/**
 * A model that a job can use; not loaded.
 *
 * @param location as executors load it
 * @param name in the output
 * @param digest of its files
 * @param license from its model card, else {@code unknown}
 * @param conditioning what it is shown besides text
 * @param embedDims how wide its embeddings of texts are
 * @param adaptable what a LoRA must fit
 * @param defaults of its variant
 * @param autoResize whether pictures that a Kontext model is shown are brought to about one
 *     megapixel where a job does not say
 * @param cost of its pictures
 */
public record Model(
    String location,
    String name,
    String digest,
    String license,
    Conditioning conditioning,
    EmbedDims embedDims,
    Map<String, WeightPlan> adaptable,
    RequestDefaults defaults,
    boolean autoResize,
    ModelCost cost,
    ModelLoader loader) {

  /**
   * Looks through a model without loading it.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when it is not complete
   */
  public static Model of(OpenModel model) {
    ModelFolder folder = model.folder();
    FluxPipeline.verify(folder);
    boolean isBuiltin = ModelLocation.builtin(model.location()).isPresent();
    return new Model(
        model.location(),
        model.name(),
        folder.digest(),
        folder.license(),
        folder.conditioning(),
        folder.embedDims(),
        folder.adaptable(),
        isBuiltin ? builtinDefaults(folder) : defaults(folder),
        !isBuiltin,
        folder.cost(),
        model.loader());
  }

  private static RequestDefaults builtinDefaults(ModelFolder folder) {
    if (folder.conditioning() == Conditioning.KONTEXT) {
      return RequestDefaults.tinyKontext();
    }
    return folder.transformerConfig().guidanceEmbeds()
        ? RequestDefaults.tiny()
        : RequestDefaults.tinySchnell();
  }

  private static RequestDefaults defaults(ModelFolder folder) {
    if (folder.conditioning() == Conditioning.FILL) {
      return RequestDefaults.fill();
    }
    return folder.transformerConfig().guidanceEmbeds()
        ? RequestDefaults.dev()
        : RequestDefaults.schnell();
  }
}
