package io.fluxspark.request;

/** What a model is shown besides text and noise. */
public enum Conditioning {
  /** Nothing: FLUX.1-dev, schnell, Lite. */
  NONE,
  /** A picture beside the noise, as more tokens: FLUX.1 Kontext. */
  KONTEXT,
  /** A picture and a mask, as more channels: FLUX.1 Fill. */
  FILL,
  /** A picture of edges or depths, as more channels: FLUX.1 Canny and Depth. */
  CONTROL
}
