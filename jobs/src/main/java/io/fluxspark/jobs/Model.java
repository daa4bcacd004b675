package io.fluxspark.jobs;

import io.fluxspark.pipeline.ModelCost;
import io.fluxspark.request.Conditioning;
import io.fluxspark.request.EmbedDims;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.spark.ModelLoader;
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
 * @param cost of its pictures
 */
record Model(
    String location,
    String name,
    String digest,
    String license,
    Conditioning conditioning,
    EmbedDims embedDims,
    Map<String, WeightPlan> adaptable,
    RequestDefaults defaults,
    ModelCost cost,
    ModelLoader loader) {}
