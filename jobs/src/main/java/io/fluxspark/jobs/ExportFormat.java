package io.fluxspark.jobs;

/** Forms of an export. */
enum ExportFormat {
  /** Tar files in the naming of the webdataset library: files of one picture have one stem. */
  WEBDATASET,
  /** One file a picture, prompt and metadata beside it, in folders by the name's beginning. */
  FILES,
  /** The rows as they are, in files of a given size. */
  PARQUET
}
