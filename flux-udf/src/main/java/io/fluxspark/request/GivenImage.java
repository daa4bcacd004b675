package io.fluxspark.request;

import java.io.Serializable;

/**
 * A picture as a row has it, unread: a column's struct of bytes and path.
 *
 * @param path null for none
 * @param bytes null for none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; it may have megabytes
public record GivenImage(String path, byte[] bytes) implements Serializable {}
