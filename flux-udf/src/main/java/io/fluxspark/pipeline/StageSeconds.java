package io.fluxspark.pipeline;

/** Seconds of wall clock that a batch spent in each stage. */
public record StageSeconds(double text, double denoising, double decoding) {}
