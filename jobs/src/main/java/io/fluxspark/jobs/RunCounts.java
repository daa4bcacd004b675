package io.fluxspark.jobs;

/**
 * What became of the rows of a table.
 *
 * @param requested pictures that valid rows ask for
 * @param images of them, those that differ
 * @param missing of them, those that the output did not have yet
 * @param invalidRows rows that are wrong
 * @param made of the missing pictures
 * @param failed of the missing pictures
 */
record RunCounts(
    long requested, long images, long missing, long invalidRows, long made, long failed) {
  /** Failed pictures and invalid rows, as a fraction of all pictures and invalid rows. */
  double errorFraction() {
    return (double) (failed + invalidRows) / (images + invalidRows);
  }

  /** These counts with what a run made of the missing pictures. */
  RunCounts after(ImageRun.Outcome outcome) {
    return new RunCounts(
        requested, images, missing, invalidRows, outcome.made(), outcome.failures().size());
  }
}
