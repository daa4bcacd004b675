package io.fluxspark.jobs;

/**
 * What became of the rows of a table.
 *
 * @param requested pictures that valid rows ask for
 * @param images of them, those that differ
 * @param thereBefore of these, those that the output had already
 * @param failedBefore of these, those that had failed in an earlier run and were not tried again
 * @param invalidRows rows that are wrong
 * @param made by this run
 * @param failed in this run
 * @param textsEncoded by all executors of this run, in tasks that ended well
 */
record RunCounts(
    long requested,
    long images,
    long thereBefore,
    long failedBefore,
    long invalidRows,
    long made,
    long failed,
    long textsEncoded) {
  /** Pictures that this run is to make. */
  long missing() {
    return images - thereBefore - failedBefore;
  }

  /** Pictures that failed, now or before, and rows that are wrong. */
  long errors() {
    return failed + failedBefore + invalidRows;
  }

  /** Errors as a fraction of all pictures and invalid rows. */
  double errorFraction() {
    return (double) errors() / (images + invalidRows);
  }

  /** These counts with what this run made. */
  RunCounts after(ImageRun.Outcome outcome) {
    return new RunCounts(
        requested,
        images,
        thereBefore,
        failedBefore,
        invalidRows,
        outcome.made(),
        outcome.failed(),
        outcome.textsEncoded());
  }
}
