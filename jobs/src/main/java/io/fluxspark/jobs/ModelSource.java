package io.fluxspark.jobs;

import io.fluxspark.spark.ModelStoreSettings;

/**
 * A model as a job names it.
 *
 * @param location a folder, its URI, or {@code builtin:NAME}
 * @param store where hosts keep models that are elsewhere
 * @param environment whose Spark knows the file systems
 */
record ModelSource(String location, ModelStoreSettings store, Environment environment) {}
