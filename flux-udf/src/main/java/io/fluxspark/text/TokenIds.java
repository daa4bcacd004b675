package io.fluxspark.text;

/**
 * Texts as a model takes them.
 *
 * @param ids (B, T): a row a text
 * @param cut (B): how many tokens of each text did not fit
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TokenIds(long[][] ids, int[] cut) {}
