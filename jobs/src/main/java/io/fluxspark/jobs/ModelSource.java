package io.fluxspark.jobs;

import io.fluxspark.pipeline.Variant;
import io.fluxspark.spark.ModelStoreSettings;
import java.util.Optional;

/**
 * A model as a job names it.
 *
 * @param location a folder, its URI, or {@code builtin:NAME}
 * @param variant what the user says that it is
 * @param store where hosts keep models that are elsewhere
 * @param environment whose Spark knows the file systems
 */
record ModelSource(
    String location,
    Optional<Variant> variant,
    ModelStoreSettings store,
    Environment environment) {}
